#include "sync/worker/mirror_folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::worker {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;
using Names = std::set<std::string>;

constexpr uint32_t kFileMode = 0644;
constexpr uint32_t kFolderMode = 0755;
constexpr char kTimestamp[] = "timestamp.json";
constexpr char kLinking[] = ".linking";  // a name that no fetcher asks for
constexpr uint64_t kMaxGenerationsBytes = 8 << 20;

absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EMLINK;
  return Rejected(full ? RejectReason::kNoSpace : RejectReason::kIoError,
                  absl::StrCat("cannot ", what, " ", path, ": ", strerror(error)));
}

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first {
  }, second{};
  return lstat(a.c_str(), &first) == 0 && lstat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

absl::Status Link(const std::string& from, const std::string& to, const std::string& temporary) {
  if (SameFile(from, to)) return absl::OkStatus();
  // One file with the spool's, where it is for the group alone.
  if (chmod(from.c_str(), kFileMode) != 0) return Failed("set the mode of", from);
  unlink(temporary.c_str());  // of a run that ended here
  if (link(from.c_str(), temporary.c_str()) != 0) {
    if (errno != EXDEV) return Failed("link", to);
    return absl::FailedPreconditionError(
        absl::StrCat("cannot link ", from, " to ", to,
                     ": mirror_directory and state_directory must lie on one file system, below "
                     "one mount"));
  }
  return rename(temporary.c_str(), to.c_str()) == 0 ? absl::OkStatus() : Failed("rename to", to);
}

// A folder that whoever serves it can read, whatever the umask.
absl::Status MakePublicFolder(const std::string& path) {
  absl::Status s = storage::MakeDirectories(path, kFolderMode);
  if (s.ok() && chmod(path.c_str(), kFolderMode) != 0) return Failed("set the mode of", path);
  return s;
}

// Which files the newest two generations have, roots and timestamp apart.
struct Generations {
  Names current;
  Names previous;
};

// One that cannot be read is none: then everything old goes with the next generation.
Generations ReadGenerations(const std::string& path) {
  auto text = storage::ReadFile(path, kMaxGenerationsBytes);
  if (!text.ok()) return {};
  const json value = json::parse(*text, nullptr, false);
  if (!value.is_object()) return {};
  Generations read;
  for (const auto& [name, names] :
       {std::pair("current", &read.current), std::pair("previous", &read.previous)}) {
    const auto list = value.find(name);
    if (list == value.end() || !list->is_array()) return {};
    for (const json& file : *list) {
      if (!file.is_string()) return {};
      names->insert(file.get<std::string>());
    }
  }
  return read;
}

absl::Status WriteGenerations(const std::string& path, const Generations& generations) {
  const json value = {{"current", generations.current}, {"previous", generations.previous}};
  return storage::WriteFileAtomically(path, value.dump(1));
}

bool IsKeptAlways(const std::string& name) {
  return name == kTimestamp || absl::EndsWith(name, ".root.json");
}

Names NamesOf(const MirrorContents& contents) {
  Names names;
  for (const auto& [name, bytes] : contents.metadata) {
    if (!IsKeptAlways(name)) names.insert(name);
  }
  for (const auto& [name, path] : contents.packs) names.insert(name);
  return names;
}

absl::Status RemoveOthers(const std::string& directory, const Generations& generations) {
  auto names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (IsKeptAlways(name) || generations.current.count(name) > 0 ||
        generations.previous.count(name) > 0) {
      continue;
    }
    const std::string path = absl::StrCat(directory, "/", name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed("remove", path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MirrorFolder> MirrorFolder::Open(const std::string& mirror_directory,
                                                const std::string& feed,
                                                const std::string& generations_path) {
  struct stat info {};
  if (stat(mirror_directory.c_str(), &info) != 0) return Failed("open", mirror_directory);
  const std::string directory = absl::StrCat(mirror_directory, "/", feed);
  for (const char* folder : {"", "/metadata", "/targets"}) {
    if (absl::Status s = MakePublicFolder(directory + folder); !s.ok()) return s;
  }
  return MirrorFolder(directory, generations_path);
}

absl::Status MirrorFolder::AddPacks(const MirrorContents& contents) const {
  for (const auto& [name, from] : contents.packs) {
    absl::Status s = Link(from, Path("targets/" + name), Path(absl::StrCat("targets/", kLinking)));
    if (!s.ok()) return s;
  }
  return storage::SyncDirectory(Path("targets"));
}

absl::Status MirrorFolder::WriteMetadata(const std::string& name, const std::string& bytes) const {
  const std::string path = Path("metadata/" + name);
  auto held = storage::ReadFile(path, bytes.size());
  if (held.ok() && *held == bytes) return absl::OkStatus();
  return storage::WriteFileAtomically(path, bytes, kFileMode);
}

absl::Status MirrorFolder::AddMetadata(const MirrorContents& contents) const {
  for (const auto& [name, bytes] : contents.metadata) {
    if (name == kTimestamp) continue;
    if (absl::Status s = WriteMetadata(name, bytes); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status MirrorFolder::Update(const MirrorContents& contents) {
  absl::Status s = AddPacks(contents);
  if (s.ok()) s = AddMetadata(contents);
  if (!s.ok()) return s;
  Generations generations = ReadGenerations(generations_path_);
  Names names = NamesOf(contents);
  if (names != generations.current) {
    generations.previous = std::exchange(generations.current, std::move(names));
    // Before the timestamp: a crash in between must not make the next call forget what clients of
    // the old timestamp still fetch.
    s = WriteGenerations(generations_path_, generations);
  }
  if (s.ok()) s = WriteMetadata(kTimestamp, contents.metadata.at(kTimestamp));
  if (s.ok()) s = RemoveOthers(Path("metadata"), generations);
  if (s.ok()) s = RemoveOthers(Path("targets"), generations);
  return s;
}

}  // namespace cloister::worker
