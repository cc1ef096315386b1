#include <algorithm>
#include <cstring>
#include <utility>

#include "sync/feeds/input_file.h"
#include "sync/feeds/line_reader.h"
#include "sync/feeds/packed_source.h"

namespace cloister::feeds {
namespace {

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(InputFile input) : input_(std::move(input)) {}
  uint64_t file_bytes() const override { return input_.bytes_read(); }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    absl::Status filled = input_.Fill();
    if (!filled.ok()) return filled;
    const size_t count = std::min(size, input_.pending().size());
    if (count > 0) memcpy(buffer, input_.pending().data(), count);
    input_.Consume(count);
    return count;
  }

 private:
  InputFile input_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenByteSource(const std::string& path) {
  absl::StatusOr<InputFile> input = InputFile::Open(path);
  if (!input.ok()) return input.status();
  absl::Status filled = input->Fill();
  if (!filled.ok()) return filled;
  const Packing* packing = FindPacking(input->pending());
  if (packing != nullptr) return OpenPackedSource(*packing, *std::move(input));
  return std::make_unique<PlainSource>(*std::move(input));
}

}  // namespace cloister::feeds
