// A record that is accepted encodes to the very bytes it came from.

#include "reputation/record.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cloister::fuzz::Require;
  using cloister::reputation::Record;
  absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  absl::StatusOr<Record> record = cloister::reputation::DecodeRecord(bytes);
  if (!record.ok()) return 0;
  std::string encoded;
  Require(cloister::reputation::EncodeRecord(*record, &encoded).ok(), "what decodes encodes");
  Require(encoded == bytes, "a record has one encoding");
  Require(encoded.size() <= Record::kMaxEncodedSize, "at most 16 bytes");
  return 0;
}
