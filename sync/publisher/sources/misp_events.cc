#include "sync/publisher/sources/misp_events.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_reader.h"

namespace cloister::publisher {
namespace {

constexpr size_t kMaxEvents = 200'000;

// RFC 9562, in either case: such a name is safe in a URL and on disk.
bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

std::string Timestamp(const nlohmann::json& event) {
  const nlohmann::json* value = feeds::JsonMember(event, "timestamp");
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : (value->is_number() ? value->dump() : "");
}

std::string EventFile(const std::string& directory, absl::string_view uuid) {
  return absl::StrCat(directory, "/", uuid, ".json");
}

class Bringer {
 public:
  Bringer(const MispEvents& events, const FetchProgress& progress)
      : events_(events), progress_(progress) {}

  // Takes over what did not change, and notes what has to be fetched.
  absl::Status Plan() {
    const auto wanted = ReadMispManifest(absl::StrCat(events_.directory, "/", kMispManifest));
    if (!wanted.ok()) return wanted.status();
    std::map<std::string, std::string> before;
    if (!events_.before.empty()) {
      // One that cannot be read any more is as good as none.
      auto read = ReadMispManifest(absl::StrCat(events_.before, "/", kMispManifest));
      if (read.ok()) before = *std::move(read);
    }
    for (const auto& [uuid, timestamp] : *wanted) {
      const auto old = before.find(uuid);
      const bool same = old != before.end() && !timestamp.empty() && old->second == timestamp;
      if (!same || !TakeOver(uuid)) missing_.push_back(uuid);
    }
    return CheckBytes();
  }

  std::optional<WebRequest> Next() {
    if (next_ == missing_.size()) return std::nullopt;
    const std::string uuid = missing_[next_++];
    const absl::string_view folder = absl::StripSuffix(events_.url, kMispManifest);
    // std::function wants to be copied, which a file cannot.
    auto file = std::make_shared<std::optional<storage::TemporaryFile>>();
    WebRequest request;
    request.url = absl::StrCat(folder, uuid, ".json");
    request.max_bytes = events_.max_bytes;
    request.sink = [this, file](absl::string_view bytes) { return Append(bytes, file.get()); };
    request.done = [this, file, uuid](const absl::StatusOr<WebAnswer>& answer) {
      absl::Status kept = answer.ok() ? Keep(uuid, file.get()) : answer.status();
      if (kept.ok()) return kept;
      absl::Status told(kept.code(), absl::StrCat("event ", uuid, ".json: ", kept.message()));
      kept.ForEachPayload(
          [&](absl::string_view name, const absl::Cord& value) { told.SetPayload(name, value); });
      return told;
    };
    return request;
  }

 private:
  using OpenFile = std::optional<storage::TemporaryFile>;

  bool TakeOver(const std::string& uuid) {
    const std::string there = EventFile(events_.directory, uuid);
    if (link(EventFile(events_.before, uuid).c_str(), there.c_str()) != 0) return false;
    struct stat info {};
    if (stat(there.c_str(), &info) == 0) bytes_ += static_cast<uint64_t>(info.st_size);
    return true;
  }

  absl::Status CheckBytes() const {
    if (bytes_ <= events_.max_bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        "the manifest's events have more bytes than max_bytes allows (", events_.max_bytes, ")"));
  }

  absl::Status Open(OpenFile* file) {
    if (file->has_value()) return absl::OkStatus();
    absl::StatusOr<storage::TemporaryFile> made = storage::TemporaryFile::Create(events_.directory);
    if (!made.ok()) return made.status();
    file->emplace(*std::move(made));
    return absl::OkStatus();
  }

  absl::Status Append(absl::string_view bytes, OpenFile* file) {
    if (absl::Status s = Open(file); !s.ok()) return s;
    bytes_ += bytes.size();
    if (absl::Status s = CheckBytes(); !s.ok()) return s;
    return (*file)->Append(bytes);
  }

  absl::Status Keep(const std::string& uuid, OpenFile* file) {
    if (absl::Status s = Open(file); !s.ok()) return s;
    if (progress_) progress_(bytes_, 0);
    return (*file)->Commit(EventFile(events_.directory, uuid));
  }

  const MispEvents& events_;
  const FetchProgress& progress_;
  std::vector<std::string> missing_;
  size_t next_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

bool IsMispManifest(absl::string_view format, absl::string_view url) {
  return format == "misp" && absl::EndsWith(url, absl::StrCat("/", kMispManifest));
}

absl::StatusOr<std::map<std::string, std::string>> ReadMispManifest(const std::string& path) {
  absl::StatusOr<std::unique_ptr<feeds::ByteSource>> bytes = feeds::OpenByteSource(path);
  if (!bytes.ok()) return bytes.status();
  std::map<std::string, std::string> events;
  const auto choose = [](const feeds::JsonPlace& place) {
    if (place.path.empty()) return feeds::JsonChoice::kDescend;
    return IsUuid(place.path[0]) ? feeds::JsonChoice::kTake : feeds::JsonChoice::kSkip;
  };
  const auto visit = [&](const feeds::JsonPlace& place, const nlohmann::json& event) {
    if (events.size() >= kMaxEvents) {
      return absl::ResourceExhaustedError("the manifest names more than 200000 events");
    }
    events[place.path[0]] = Timestamp(event);
    return absl::OkStatus();
  };
  if (absl::Status s = feeds::WalkJson(**bytes, choose, visit); !s.ok()) return s;
  return events;
}

absl::Status BringMispEvents(const MispEvents& events, WebClient& client,
                             const FetchProgress& progress) {
  Bringer bringer(events, progress);
  if (absl::Status s = bringer.Plan(); !s.ok()) return s;
  return client.Run([&] { return bringer.Next(); });
}

}  // namespace cloister::publisher
