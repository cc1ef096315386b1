#include "sync/worker/import_watch.h"

#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace cloister::worker {
namespace {

// Names that arrived and are yet to be looked at; more are found by looking.
constexpr size_t kMostArrived = 4096;
constexpr size_t kEventBytes = 16 * (sizeof(inotify_event) + NAME_MAX + 1);

}  // namespace

ImportWatch::ImportWatch() : fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

ImportWatch::~ImportWatch() {
  if (fd_ >= 0) close(fd_);
}

void ImportWatch::Add(const std::string& directory) {
  if (fd_ < 0) return;
  // The same folder gets the same watch again.
  const int watch =
      inotify_add_watch(fd_, directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
  if (watch >= 0) directories_[watch] = directory;
}

void ImportWatch::Wait(int stop_fd, absl::Duration timeout) {
  pollfd fds[] = {{stop_fd, POLLIN, 0}, {fd_, POLLIN, 0}};
  const absl::Duration wait = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(24));
  const auto wait_ms = absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
  if (poll(fds, 2, static_cast<int>(wait_ms)) > 0 && fds[1].revents != 0) ReadEvents();
}

void ImportWatch::ReadEvents() {
  alignas(inotify_event) char buffer[kEventBytes];
  for (;;) {
    const ssize_t n = read(fd_, buffer, sizeof buffer);
    if (n <= 0) return;
    for (const char* at = buffer; at < buffer + n;) {
      inotify_event event;
      memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      at = name + event.len;
      if ((event.mask & IN_IGNORED) != 0) directories_.erase(event.wd);
      const auto directory = directories_.find(event.wd);
      if (directory == directories_.end() || event.len == 0) continue;
      if ((event.mask & IN_MOVED_TO) == 0 || arrived_.size() >= kMostArrived) continue;
      arrived_.emplace(directory->second, std::string(name));
    }
  }
}

std::set<std::pair<std::string, std::string>> ImportWatch::TakeArrived() {
  return std::exchange(arrived_, {});
}

}  // namespace cloister::worker
