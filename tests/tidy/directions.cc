// Who may lean on whom. One row a folder: the rooms and libraries that its files may include.
// docs/architecture.md says why.

#include <algorithm>
#include <regex>
#include <set>

#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

using Names = std::set<std::string_view>;

// How much of the machine a room may know.
enum class Reach {
  kValues,    // nothing: values and pure functions
  kLanguage,  // threads and clocks of the C++ language
  kSystem,    // files and sockets, too
};

struct Room {
  std::string_view folder;
  Names rooms;      // besides its own
  Names libraries;  // by the first part of what is included
  Reach reach = Reach::kValues;
};

// The first row whose folder holds a file counts; rows of sub-folders come first.
const Room kRooms[] = {
    // Reads lists of what no feed may condemn.
    {"reputation/protection",
     {"reputation", "storage/files"},
     {"absl", "nlohmann", "openssl"},
     Reach::kSystem},
    {"reputation", {}, {"absl", "arpa", "netinet", "openssl", "unicode", "libpsl.h"}},
    {"storage/files", {"reputation"}, {"absl", "openssl"}, Reach::kSystem},
    {"storage/pack",
     {"reputation", "proto/messages"},
     {"absl", "openssl", "rocksdb"},
     Reach::kSystem},
    {"storage/store",
     {"reputation", "storage/files", "storage/pack", "proto/messages"},
     {"absl", "openssl", "rocksdb"},
     Reach::kSystem},
    {"sync/trust_state",
     {"reputation", "storage/files", "sync/trust"},
     {"absl", "nlohmann"},
     Reach::kSystem},
    {"sync/trust", {"reputation"}, {"absl", "nlohmann", "openssl"}},
    {"sync/transport",
     {"reputation", "storage/files", "sync/trust"},
     {"absl", "curl", "openssl"},
     Reach::kSystem},
    {"sync/pack_check", {"reputation", "storage/pack", "sync/trust"}, {"absl"}, Reach::kSystem},
    {"sync/bundle/cli",
     {"reputation", "storage/files", "storage/pack", "sync/bundle", "sync/pack_check",
      "sync/transport", "sync/trust", "sync/trust_state"},
     {"absl", "CLI", "google", "nlohmann"},
     Reach::kSystem},
    {"sync/bundle",
     {"reputation", "storage/files", "sync/transport", "sync/trust", "sync/trust_state"},
     {"absl", "archive.h", "archive_entry.h", "nlohmann"},
     Reach::kSystem},
    // Readers of other people's feeds, for the publisher and for operators' own lists.
    {"sync/feeds",
     {"reputation"},
     {"absl", "archive.h", "archive_entry.h", "expat.h", "nlohmann", "sqlite3.h", "yaml.h"},
     Reach::kSystem},
    {"sync/worker",
     {"reputation", "storage/files", "storage/pack", "sync/bundle", "sync/pack_check", "sync/trust",
      "sync/trust_state", "sync/transport", "server/toml"},
     {"absl", "CLI", "google", "nlohmann", "spdlog", "toml++"},
     Reach::kSystem},
    {"sync/publisher/sources",
     {"reputation", "storage/files", "sync/feeds", "sync/transport", "sync/trust"},
     {"absl", "curl", "nlohmann", "zlib.h"},
     Reach::kSystem},
    {"sync/publisher",
     {"reputation", "reputation/protection", "storage/files", "storage/pack", "sync/feeds",
      "sync/publisher/sources", "sync/transport", "sync/trust", "sync/trust_state", "server/toml"},
     {"absl", "CLI", "nlohmann", "openssl", "spdlog", "toml++"},
     Reach::kSystem},
    // Reads configuration files for both processes; knows nothing of either.
    {"server/toml", {}, {"absl", "toml++"}, Reach::kSystem},
    {"server",
     {"reputation", "reputation/protection", "storage/files", "storage/pack", "storage/store",
      "sync/trust", "sync/trust_state", "server/toml", "proto/messages", "proto/services"},
     {"absl", "CLI", "google", "grpc", "grpcpp", "nlohmann", "openssl", "prometheus", "spdlog",
      "toml++"},
     Reach::kSystem},
    // What gateways compile against: the standard library and itself.
    {"client-sdk/include", {}, {}, Reach::kLanguage},
    {"client-sdk/cli",
     {"client-sdk", "reputation", "storage/files", "sync/feeds", "proto/messages",
      "proto/services"},
     {"absl", "CLI", "google", "grpc", "grpcpp", "nlohmann", "openssl"},
     Reach::kSystem},
    // Writes manual pages and completion from the parsers of all programs.
    {"deploy/describe",
     {"client-sdk", "client-sdk/cli", "server", "sync/bundle/cli", "sync/feeds", "sync/publisher",
      "sync/worker"},
     {"absl", "CLI"},
     Reach::kSystem},
    {"client-sdk/extract", {"client-sdk", "reputation"}, {"absl", "gumbo.h"}, Reach::kSystem},
    {"client-sdk/examples", {}, {}, Reach::kLanguage},
    {"client-sdk",
     {"reputation", "proto/messages", "proto/services"},
     {"absl", "google", "grpc", "grpcpp"},
     Reach::kSystem},
};

const Room* RoomOf(std::string_view path) {
  for (const Room& room : kRooms) {
    if (StartsWith(path, room.folder) && path.substr(room.folder.size(), 1) == "/") return &room;
  }
  return nullptr;
}

// The room that a quoted include names; empty for libraries.
std::string_view IncludedRoom(std::string_view included) {
  if (StartsWith(included, "cloister/v1/")) {
    return EndsWith(included, ".grpc.pb.h") ? "proto/services" : "proto/messages";
  }
  if (StartsWith(included, "cloister/") || StartsWith(included, "client-sdk/")) return "client-sdk";
  if (StartsWith(included, "tests/")) return "tests";
  const Room* room = RoomOf(included);
  return room == nullptr ? std::string_view() : room->folder;
}

bool IsOwn(const Room& room, std::string_view included) {
  return included == room.folder ||
         (included == "client-sdk" && StartsWith(room.folder, "client-sdk"));
}

// Headers of the C++ language have neither folder nor ending.
bool IsLanguage(std::string_view included) {
  return included.find_first_of("/.") == std::string_view::npos;
}

// How far a header that is neither a room's nor a library's reaches.
Reach ReachOf(std::string_view included) {
  static const Names kMachine = {
      "atomic", "barrier", "chrono",    "condition_variable", "ctime",        "csignal", "future",
      "latch",  "mutex",   "semaphore", "stop_token",         "shared_mutex", "thread"};
  if (!IsLanguage(included)) return Reach::kSystem;
  if (included == "filesystem" || included == "fstream") return Reach::kSystem;
  return kMachine.count(included) > 0 ? Reach::kLanguage : Reach::kValues;
}

// Whether it is a header of the C library or the kernel: <unistd.h>, <sys/stat.h>.
bool IsCLibrary(std::string_view included) {
  const std::string_view first = included.substr(0, included.find('/'));
  static const Names kFolders = {"arpa", "linux", "net", "netinet", "sys"};
  return EndsWith(included, ".h") && (first == included || kFolders.count(first) > 0);
}

std::string WhyRefused(const Room& room, std::string_view included) {
  const std::string_view target = IncludedRoom(included);
  if (!target.empty()) {
    if (IsOwn(room, target) || room.rooms.count(target) > 0) return "";
    return std::string(room.folder) + " may not lean on " + std::string(target);
  }
  if (room.libraries.count(included.substr(0, included.find('/'))) > 0) return "";
  if (!IsLanguage(included) && !IsCLibrary(included)) {
    return std::string(room.folder) + " may not use the library " + std::string(included);
  }
  if (ReachOf(included) <= room.reach) return "";
  return std::string(room.folder) + " knows no files, sockets, threads or clocks";
}

// Calls that a room promises not to make.
struct Promise {
  Names folders;  // that keep it
  Names except;   // parts of them that need not
  const char* pattern;
  const char* message;
};

const Promise kPromises[] = {
    {{"reputation", "storage", "sync", "server", "client-sdk"},
     {"sync/publisher"},
     R"(\b(EVP_DigestSign\w*|EVP_PKEY_(new|get)_raw_private_key\w*|EVP_PKEY_(Q_)?keygen\w*)\b)",
     "only sync/publisher signs: nothing installed on the appliance can"},
    {{"reputation", "storage", "sync/trust", "sync/trust_state"},
     {},
     R"(\b(absl::Now|system_clock|clock_gettime|gettimeofday)\b)",
     "libraries take the time from their caller"},
    {{"server"},
     {},
     R"(\b(connect\s*\(|Create(Custom)?Channel|curl_\w+|getaddrinfo))",
     "cloisterd opens no outgoing connection"},
    {{"reputation", "storage", "sync/trust", "sync/trust_state", "sync/transport", "client-sdk"},
     {"client-sdk/cli", "client-sdk/examples"},
     R"(\bstd::(cout|cerr|clog)\b|\b(f?printf|fputs|puts)\s*\()",
     "libraries return what they have to say"},
};

bool Holds(const Names& folders, std::string_view path) {
  return std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
    return StartsWith(path, folder) && path.substr(folder.size(), 1) == "/";
  });
}

void CheckPromises(const SourceFile& file, Findings* findings) {
  for (const Promise& promise : kPromises) {
    if (!Holds(promise.folders, file.path) || Holds(promise.except, file.path)) continue;
    const std::regex pattern(promise.pattern);
    for (std::sregex_iterator it(file.code.begin(), file.code.end(), pattern), end; it != end;
         ++it) {
      findings->push_back({"purity", file.path,
                           LineOf(file.code, static_cast<size_t>(it->position())), 1,
                           "\"" + it->str() + "\": " + promise.message});
    }
  }
}

}  // namespace

Findings CheckDirections(const SourceFile& file) {
  Findings findings;
  if (!IsCpp(file.path) || IsTest(file.path)) return findings;
  const Room* room = RoomOf(file.path);
  if (room == nullptr) {
    findings.push_back({"include-direction", file.path, 0, 1,
                        "no room of the house: give its folder a row in tests/tidy/directions.cc"});
    return findings;
  }
  static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  for (size_t i = 0; i < file.lines.size(); ++i) {
    std::cmatch match;
    if (!std::regex_search(file.lines[i].begin(), file.lines[i].end(), match, include)) continue;
    const std::string why = WhyRefused(*room, match[1].str());
    if (!why.empty()) findings.push_back({"include-direction", file.path, i + 1, 1, why});
  }
  CheckPromises(file, &findings);
  return findings;
}

}  // namespace cloister::tidy
