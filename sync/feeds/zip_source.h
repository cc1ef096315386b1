// The one file of a ZIP archive, as feeds are offered for download.

#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

// Folders in the archive are passed over. InvalidArgument if it holds no file, or is encrypted;
// reading fails with InvalidArgument if it holds more than one, and with DataLoss if it is damaged.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenZipSource(const std::string& path);

}  // namespace cloister::feeds
