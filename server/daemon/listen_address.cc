#include "server/daemon/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cloister::server {
namespace {

absl::Status Unusable(const std::string& address, absl::string_view why, absl::string_view mend) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address, " ([listen] address): ", why, "; ", mend));
}

// Whether a process listens on the unix socket at `path`, from the kernel's own list: columns
// Num RefCount Protocol Flags Type St Inode Path, and 00010000 is the flag of a listening socket.
bool IsListenedOn(const std::string& path) {
  std::ifstream list("/proc/net/unix");
  for (std::string line; std::getline(list, line);) {
    if (absl::EndsWith(line, absl::StrCat(" ", path)) && absl::StrContains(line, " 00010000 ")) {
      return true;
    }
  }
  return false;
}

absl::Status CheckUnixSocket(const std::string& address) {
  const std::string path = address.substr(strlen("unix:"));
  struct stat info;
  if (lstat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) {
    return Unusable(address, "there is a file of that name that is no socket",
                    "remove it or choose another path");
  }
  if (IsListenedOn(path)) {
    return Unusable(address, "another process listens there", "stop it or choose another path");
  }
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (access(folder.c_str(), W_OK) == 0) return absl::OkStatus();
  return Unusable(address, absl::StrCat(folder, ": ", std::strerror(errno)),
                  "make the folder, and let the user of cloisterd write to it");
}

absl::Status TryToBind(const std::string& address, const addrinfo& candidate) {
  const int fd = socket(candidate.ai_family, candidate.ai_socktype | SOCK_CLOEXEC, 0);
  if (fd < 0) return Unusable(address, std::strerror(errno), "choose another address");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Listening as well: a port in TIME_WAIT may be bound, one that is listened on may not.
  const bool free = bind(fd, candidate.ai_addr, candidate.ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = errno;
  close(fd);
  if (free) return absl::OkStatus();
  if (error == EADDRINUSE) {
    return Unusable(address, "another process listens there",
                    "stop it (\"ss -ltnp\" names it) or choose another port");
  }
  if (error == EACCES) {
    return Unusable(address, "ports below 1024 need privileges", "choose another port");
  }
  return Unusable(address, std::strerror(error), "choose an address of this machine");
}

}  // namespace

absl::Status CheckListenAddress(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return CheckUnixSocket(address);
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    return Unusable(address, gai_strerror(error), "write a numeric address such as 127.0.0.1");
  }
  absl::Status status = TryToBind(address, *found);
  freeaddrinfo(found);
  return status;
}

}  // namespace cloister::server
