// Wakes whoever waits for files in folders, through inotify. Where that does not work, as on some
// network file systems, the waiting just takes its full time.

#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace cloister::worker {

// Not thread-safe.
class ImportWatch {
 public:
  ImportWatch();
  ImportWatch(const ImportWatch&) = delete;
  ImportWatch& operator=(const ImportWatch&) = delete;
  ~ImportWatch();

  // From now on also this folder, if it is there. To be called again and again: another medium
  // mounted there is another folder.
  void Add(const std::string& directory);

  // Waits until a file was written or moved into a folder, `stop_fd` is readable, or `timeout` is
  // over.
  void Wait(int stop_fd, absl::Duration timeout);

  // Folder and name of files that were renamed into place since the last call.
  std::set<std::pair<std::string, std::string>> TakeArrived();

 private:
  void ReadEvents();

  int fd_;                                  // -1: inotify is not to be had
  std::map<int, std::string> directories_;  // by watch
  std::set<std::pair<std::string, std::string>> arrived_;
};

}  // namespace cloister::worker
