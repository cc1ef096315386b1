// Compressed files and ZIP archives, unpacked by libarchive.

#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/input_file.h"
#include "sync/feeds/line_reader.h"

struct archive;

namespace cloister::feeds {

// One way to pack a file, told by its first bytes.
struct Packing {
  absl::string_view magic;
  absl::string_view name;  // as in error messages
  // Lets libarchive read this packing, by a library that is linked in and not by a program that
  // is started, or says that it cannot.
  int (*enable)(archive* reader);
  bool archive;  // holds files with names
};

// Null if `start` is none that is known.
const Packing* FindPacking(absl::string_view start);

// Unpacking has bounds: once kFreeBytes came out, no more than kMaxExpansion times what was read.
// Lists of the kind read here shrink to a third or a twentieth.
constexpr uint64_t kFreeBytes = uint64_t{256} << 20;
constexpr uint64_t kMaxExpansion = 300;

// `input` stands at the file's beginning, where `packing` was found. Members or frames that follow
// each other are read as one. Of a ZIP archive the one file is read; folders are passed over.
// InvalidArgument if the archive holds no file, is encrypted, is packed twice, or unpacks beyond
// the bounds; reading fails with InvalidArgument if it holds more than one file, and with DataLoss
// if it is damaged or cut short.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenPackedSource(const Packing& packing,
                                                             InputFile input);

}  // namespace cloister::feeds
