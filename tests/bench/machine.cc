#include "tests/bench/machine.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>
#include <hiredis/hiredis.h>
#include <openssl/crypto.h>
#include <rocksdb/version.h>
#include <sys/utsname.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"

namespace cloister::bench {
namespace {

// What follows the first `name` at the start of a line of a file, and then blanks, ':', '=' or '"'.
std::string Field(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    const size_t from = line.find_first_not_of(" \t:=\"", name.size());
    const size_t to = line.find_last_not_of(" \t\"");
    return from == std::string::npos ? "" : line.substr(from, to + 1 - from);
  }
  return "unknown";
}

}  // namespace

std::map<std::string, std::string> MachineFacts() {
  utsname kernel = {};
  uname(&kernel);
  return {{"processor", Field("/proc/cpuinfo", "model name")},
          {"architecture", kernel.machine},
          {"cores", absl::StrCat(std::thread::hardware_concurrency())},
          {"memory", Field("/proc/meminfo", "MemTotal")},
          {"kernel", kernel.release},
          {"system", Field("/etc/os-release", "PRETTY_NAME")},
          {"load_average_at_start", Field("/proc/loadavg", "")}};
}

std::map<std::string, std::string> VersionFacts() {
  return {{"cloister", CLOISTER_VERSION},
          {"grpc", grpc::Version()},
          {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
          {"rocksdb", absl::StrCat(ROCKSDB_MAJOR, ".", ROCKSDB_MINOR, ".", ROCKSDB_PATCH)},
          {"openssl", OpenSSL_version(OPENSSL_VERSION)},
          {"hiredis", absl::StrCat(HIREDIS_MAJOR, ".", HIREDIS_MINOR, ".", HIREDIS_PATCH)},
          {"compiler", __VERSION__}};
}

}  // namespace cloister::bench
