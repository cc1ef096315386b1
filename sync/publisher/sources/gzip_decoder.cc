#include "sync/publisher/sources/gzip_decoder.h"

#include <zlib.h>

#include <array>

namespace cloister::publisher {

struct GzipDecoder::State {
  z_stream stream{};
  bool started = false;
  bool ended = false;  // at the end of a member
  std::array<char, 64 * 1024> out;
};

GzipDecoder::GzipDecoder() : state_(std::make_unique<State>()) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  state_->started = inflateInit2(&state_->stream, kGzipOnly) == Z_OK;
}

GzipDecoder::~GzipDecoder() {
  if (state_->started) inflateEnd(&state_->stream);
}

absl::Status GzipDecoder::Take(absl::string_view bytes, const trust::ByteSink& sink) {
  if (!state_->started) return absl::ResourceExhaustedError("no memory to unpack with");
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    if (state_->ended) {
      if (stream.avail_in == 0) return absl::OkStatus();
      inflateReset(&stream);
      state_->ended = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(state_->out.data());
    stream.avail_out = static_cast<uInt>(state_->out.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return absl::DataLossError("its gzip content is damaged");
    }
    state_->ended = result == Z_STREAM_END;
    const absl::string_view piece(state_->out.data(), state_->out.size() - stream.avail_out);
    if (!piece.empty()) {
      if (absl::Status s = sink(piece); !s.ok()) return s;
    }
    if (result == Z_BUF_ERROR) return absl::OkStatus();  // all of `bytes` is taken
  } while (stream.avail_in > 0 || stream.avail_out == 0);
  return absl::OkStatus();
}

absl::Status GzipDecoder::Finish() const {
  return state_->ended ? absl::OkStatus() : absl::DataLossError("its gzip content is cut short");
}

}  // namespace cloister::publisher
