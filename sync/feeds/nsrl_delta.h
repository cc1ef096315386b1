// Deltas of RDSv3: SQL that turns the database of one release into that of the next.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::feeds {

// A file that goes with this.
class PrivateFile {
 public:
  explicit PrivateFile(std::string path) : path_(std::move(path)) {}
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A copy of the database at `path`, beside it, to which `deltas` (SQL files, packed or not) were
// applied in their order, each within one transaction. Where the file system shares blocks
// (reflinks), the copy costs what the deltas change. The database itself is only read.
//
// A delta may insert, update, delete, and create or drop tables and indexes, on the tables of RDSv3
// alone; BEGIN and COMMIT in it are passed over. Its VERSION has to be newer than what was there.
// Work and growth are bounded by the size of the database. `read` is told the number of statements
// after each.
//
// InvalidArgument   names the delta, the line, and what it may not do, or does not fit
// ResourceExhausted a bound is exceeded: of work, memory, or growth
// DataLoss          a delta is cut short
// FailedPrecondition the copy cannot be made
absl::StatusOr<std::unique_ptr<PrivateFile>> ApplyNsrlDeltas(
    const std::string& path, const std::vector<std::string>& deltas,
    const std::function<void(uint64_t statements)>& read);

}  // namespace cloister::feeds
