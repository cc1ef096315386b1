// What a disk may still forget: writes and names that no fsync has reached. Part of the library
// that tests preload into a program (faulty_disk.cc).
//
// The model is POSIX taken at its word: bytes of a file last once that file is synced; a name that
// was made, moved or removed lasts once its directory is. File systems promise more; a program that
// holds under this model holds on each of them.

#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cloister::fault {

// A file or directory, whatever its name is just now.
using Node = std::pair<dev_t, ino_t>;

// Not thread-safe: the library holds a lock around every call.
class Unsynced {
 public:
  // `attic` is a folder on the same file system, outside of what is watched: what was removed or
  // replaced is kept there until it is certain.
  explicit Unsynced(std::string attic) : attic_(std::move(attic)) {}

  // Before the bytes [offset, offset + size) of the file open as `fd` change, or, where `truncates`
  // is set, before it is cut to `offset`.
  void WillWrite(int fd, off_t offset, size_t size, bool truncates);
  // After the file or directory open as `fd` was synced.
  void Synced(int fd);

  // Each records how to undo what is about to happen to the name `leaf` in the directory open as
  // `parent`. Descriptors stay the caller's.
  void WillCreate(int parent, const std::string& leaf);
  void WillRemove(int parent, const std::string& leaf, bool is_directory);
  struct Name {
    int parent;
    std::string leaf;
  };
  void WillRename(const Name& from, const Name& to, bool exchange);

  // What the disk looks like after the power went: every name and byte that is not certain is gone.
  // `keep_names`: names are as they were last, bytes are not; `keep_half`: of the bytes that each
  // file grew by since its last sync, half are there.
  struct Loss {
    bool keep_names = false;
    bool keep_half = false;
  };
  void PowerOff(Loss loss);

 private:
  struct File {
    int fd = -1;                                          // of our own
    off_t certain_size = 0;                               // what lies before is certain, but for:
    std::vector<std::pair<off_t, std::string>> replaced;  // offset and old bytes, oldest first
  };
  struct Change {
    std::vector<Node> parents;  // certain once any of them is synced
    std::function<void()> undo;
  };

  int Own(int fd);
  std::string AtticName();
  // Links what has the name now into the attic; empty if there is nothing.
  std::string Keep(int parent, const std::string& leaf);

  const std::string attic_;
  uint64_t kept_ = 0;
  std::map<Node, File> files_;
  std::vector<Change> changes_;
};

// Of the file or directory open as `fd`.
Node NodeOf(int fd);

}  // namespace cloister::fault
