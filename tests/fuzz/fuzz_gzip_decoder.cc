// What servers say is gzip: unpacked alike however it arrives, and never beyond what its taker
// allows.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/sources/gzip_decoder.h"
#include "tests/fuzz/require.h"

using cloister::fuzz::Require;
using cloister::publisher::GzipDecoder;

namespace {

constexpr size_t kMaxContent = 64 * 1024;

struct Unpacked {
  std::string content;
  bool whole = false;
  bool too_large = false;
};

Unpacked Unpack(absl::string_view bytes, size_t piece) {
  Unpacked result;
  GzipDecoder decoder;
  const auto sink = [&](absl::string_view content) {
    Require(!result.too_large, "nothing comes after a refusal");
    result.too_large = result.content.size() + content.size() > kMaxContent;
    if (result.too_large) return absl::ResourceExhaustedError("enough");
    result.content.append(content.data(), content.size());
    return absl::OkStatus();
  };
  absl::Status taken;
  for (size_t at = 0; at < bytes.size() && taken.ok(); at += piece) {
    taken = decoder.Take(bytes.substr(at, piece), sink);
  }
  result.whole = taken.ok() && decoder.Finish().ok();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Unpacked at_once = Unpack(bytes, size + 1);
  const Unpacked in_pieces = Unpack(bytes, 3);
  Require(at_once.whole == in_pieces.whole, "as whole in pieces");
  if (at_once.whole) Require(at_once.content == in_pieces.content, "the same in pieces");
  return 0;
}
