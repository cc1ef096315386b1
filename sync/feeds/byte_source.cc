#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/line_reader.h"
#include "sync/feeds/zip_source.h"

namespace cloister::feeds {
namespace {

constexpr size_t kInputBytes = 128 * 1024;
// Zstandard frames announce the memory that they need; 128 MiB is what `zstd` itself accepts.
constexpr int kMaxZstdWindowLog = 27;

// The file, and the part of it that is in memory.
class InputFile {
 public:
  static absl::StatusOr<InputFile> Open(const std::string& path) {
    FILE* file = fopen(path.c_str(), "rbe");
    if (file == nullptr) {
      const int error = errno;
      std::string text = absl::StrCat(path, ": ", strerror(error));
      return error == ENOENT ? absl::NotFoundError(text) : absl::FailedPreconditionError(text);
    }
    return InputFile(file, path);
  }

  const std::string& path() const { return path_; }
  uint64_t bytes_read() const { return bytes_read_; }
  bool empty() const { return position_ == size_; }
  absl::string_view pending() const { return {buffer_.data() + position_, size_ - position_}; }
  void Consume(size_t count) { position_ += count; }

  // Has something pending unless the file has ended.
  absl::Status Fill() {
    if (!empty()) return absl::OkStatus();
    position_ = 0;
    size_ = fread(buffer_.data(), 1, buffer_.size(), file_.get());
    bytes_read_ += size_;
    if (size_ == 0 && ferror(file_.get()) != 0) {
      return absl::DataLossError(absl::StrCat(path_, ": reading failed: ", strerror(errno)));
    }
    return absl::OkStatus();
  }

  absl::Status Damaged(absl::string_view format, absl::string_view why) const {
    return absl::DataLossError(absl::StrCat(path_, ": damaged ", format, " data near byte ",
                                            bytes_read_, ": ", why, "; fetch the file again"));
  }

 private:
  InputFile(FILE* file, std::string path)
      : file_(file, fclose), path_(std::move(path)), buffer_(kInputBytes, '\0') {}

  std::unique_ptr<FILE, int (*)(FILE*)> file_;
  std::string path_;
  std::string buffer_;
  size_t position_ = 0;
  size_t size_ = 0;
  uint64_t bytes_read_ = 0;
};

// What the compressed formats share: input is pumped through a decoder until output appears.
class Decoder : public ByteSource {
 public:
  explicit Decoder(InputFile input) : input_(std::move(input)) {}
  uint64_t file_bytes() const override { return input_.bytes_read(); }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    for (;;) {
      absl::Status filled = input_.Fill();
      if (!filled.ok()) return filled;
      const bool at_end = input_.empty();
      if (at_end && between_frames_) return 0;
      absl::StatusOr<size_t> made = Decode(buffer, size);
      if (!made.ok() || *made > 0) return made;
      if (at_end) return input_.Damaged(format_, "it ends in the middle");
    }
  }

 protected:
  // Consumes input, sets between_frames_, returns the bytes written to `buffer`.
  virtual absl::StatusOr<size_t> Decode(char* buffer, size_t size) = 0;

  InputFile input_;
  bool between_frames_ = true;
  absl::string_view format_ = "compressed";
};

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(InputFile input) : input_(std::move(input)) {}
  uint64_t file_bytes() const override { return input_.bytes_read(); }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    absl::Status filled = input_.Fill();
    if (!filled.ok()) return filled;
    const size_t count = std::min(size, input_.pending().size());
    memcpy(buffer, input_.pending().data(), count);
    input_.Consume(count);
    return count;
  }

 private:
  InputFile input_;
};

class GzipSource : public Decoder {
 public:
  explicit GzipSource(InputFile input) : Decoder(std::move(input)) {
    format_ = "gzip";
    inflateInit2(&stream_, 16 + MAX_WBITS);
  }
  ~GzipSource() override { inflateEnd(&stream_); }

 protected:
  absl::StatusOr<size_t> Decode(char* buffer, size_t size) override {
    if (between_frames_) inflateReset(&stream_);
    const absl::string_view in = input_.pending();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    input_.Consume(in.size() - stream_.avail_in);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return input_.Damaged(format_, stream_.msg != nullptr ? stream_.msg : "inflate failed");
    }
    between_frames_ = result == Z_STREAM_END;
    return size - stream_.avail_out;
  }

 private:
  z_stream stream_{};
};

class ZstdSource : public Decoder {
 public:
  explicit ZstdSource(InputFile input)
      : Decoder(std::move(input)), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    format_ = "Zstandard";
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  }

 protected:
  absl::StatusOr<size_t> Decode(char* buffer, size_t size) override {
    ZSTD_inBuffer in{input_.pending().data(), input_.pending().size(), 0};
    ZSTD_outBuffer out{buffer, size, 0};
    const size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in);
    input_.Consume(in.pos);
    if (ZSTD_isError(hint) != 0) return input_.Damaged(format_, ZSTD_getErrorName(hint));
    between_frames_ = hint == 0;
    return out.pos;
  }

 private:
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
};

class Lz4Source : public Decoder {
 public:
  explicit Lz4Source(InputFile input) : Decoder(std::move(input)) {
    format_ = "LZ4";
    LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
  }
  ~Lz4Source() override { LZ4F_freeDecompressionContext(context_); }

 protected:
  absl::StatusOr<size_t> Decode(char* buffer, size_t size) override {
    size_t consumed = input_.pending().size();
    size_t made = size;
    const size_t hint =
        LZ4F_decompress(context_, buffer, &made, input_.pending().data(), &consumed, nullptr);
    if (LZ4F_isError(hint) != 0) return input_.Damaged(format_, LZ4F_getErrorName(hint));
    input_.Consume(consumed);
    between_frames_ = hint == 0;
    return made;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenByteSource(const std::string& path) {
  absl::StatusOr<InputFile> input = InputFile::Open(path);
  if (!input.ok()) return input.status();
  absl::Status filled = input->Fill();
  if (!filled.ok()) return filled;
  const absl::string_view start = input->pending();
  if (absl::StartsWith(start, "PK\x03\x04")) return OpenZipSource(path);
  if (absl::StartsWith(start, "\x1f\x8b")) return std::make_unique<GzipSource>(*std::move(input));
  if (absl::StartsWith(start, "\x28\xb5\x2f\xfd")) {
    return std::make_unique<ZstdSource>(*std::move(input));
  }
  if (absl::StartsWith(start, "\x04\x22\x4d\x18")) {
    return std::make_unique<Lz4Source>(*std::move(input));
  }
  if (absl::StartsWith(start, absl::string_view("\xfd"
                                                "7zXZ",
                                                5))) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": xz data is not read here; unpack it first with: xz -dk ", path));
  }
  return std::make_unique<PlainSource>(*std::move(input));
}

}  // namespace cloister::feeds
