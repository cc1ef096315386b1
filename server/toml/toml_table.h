// Reads a program's configuration from TOML so that every mistake is told with file, line and
// mend, all of them at once.
//
//   auto root = TomlTable::ReadFile(path);
//   if (!root.ok()) return root.status();
//   config.directory = root->RequiredPath("state_directory");
//   for (TomlTable& feed : root->Tables("feed")) Read(feed, &config);
//   if (absl::Status s = root->Finish(); !s.ok()) return s;
//
// Readers return the default for a bad value and note the mistake; Finish tells all of them, and
// every name that no reader asked for. Not thread-safe.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::config {

struct IntegerRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};

struct NumberRange {
  double min = 0;
  double max = 0;
};

// A table of a document: a cheap handle; all handles of one document share its notes.
class TomlTable {
 public:
  // NotFound or PermissionDenied, naming the file; InvalidArgument "file:line:column: what" if it
  // is not TOML or longer than 1 MiB.
  static absl::StatusOr<TomlTable> ReadFile(const std::string& path);
  // `file` is what mistakes name, and where relative paths start.
  static absl::StatusOr<TomlTable> Parse(absl::string_view text, const std::string& file);

  bool Has(absl::string_view name) const;

  std::string Text(absl::string_view name, absl::string_view otherwise = "") const;
  std::string RequiredText(absl::string_view name) const;
  // One of `choices`.
  std::string Choice(absl::string_view name, const std::vector<std::string>& choices,
                     absl::string_view otherwise) const;
  // A path; a relative one starts at the configuration file's folder. Always returned absolute,
  // or empty if it is absent.
  std::string Path(absl::string_view name, absl::string_view otherwise = "") const;
  std::string RequiredPath(absl::string_view name) const;
  bool Flag(absl::string_view name, bool otherwise) const;
  int64_t Integer(absl::string_view name, IntegerRange range, int64_t otherwise) const;
  // Takes integers, too.
  double Number(absl::string_view name, NumberRange range, double otherwise) const;
  // An array of texts; empty if absent.
  std::vector<std::string> Texts(absl::string_view name) const;
  // The same for paths, each as Path returns it; an empty one is a mistake.
  std::vector<std::string> Paths(absl::string_view name) const;

  // The table [name]; an empty one if absent.
  TomlTable Table(absl::string_view name) const;
  // The tables [[name]], in order; none if absent.
  std::vector<TomlTable> Tables(absl::string_view name) const;

  // Names that the file has in this table, for tables whose names are free; they still have to be
  // read one by one.
  std::vector<std::string> Names() const;

  // Notes a mistake that the caller found in the value of `name`: what is wrong and how to mend
  // it. At the table's own line if there is no such name.
  void Mistake(absl::string_view name, absl::string_view what) const;

  // "file:line" of the value of `name`, or of this table.
  std::string Where(absl::string_view name = "") const;

  // OK, or InvalidArgument with one line "file:line: what" for each mistake, in the order of
  // lines. Call on any handle once everything has been read.
  absl::Status Finish() const;

 private:
  struct Document;
  struct Node;
  TomlTable(std::shared_ptr<Document> document, const void* table, std::string title);

  Node Find(absl::string_view name) const;
  uint32_t Line(absl::string_view name) const;
  void MissingName(absl::string_view name) const;
  void WrongType(absl::string_view name, absl::string_view wanted) const;
  template <typename T>
  T Value(absl::string_view name, absl::string_view wanted, T otherwise) const;

  std::shared_ptr<Document> document_;
  const void* table_;  // toml::table; null if the file does not have it
  std::string title_;  // "[[feed]]"; empty for the root
};

}  // namespace cloister::config
