#include "sync/worker/import_memory.h"

#include <algorithm>
#include <iterator>

#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/json_fields.h"

namespace cloister::worker {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxBytes = 4 << 20;
constexpr uint32_t kMaxDepth = 4;

}  // namespace

absl::StatusOr<ImportMemory> ImportMemory::Open(const std::string& path, size_t most_entries) {
  ImportMemory memory(path, most_entries);
  auto text = storage::ReadFile(path, kMaxBytes);
  if (text.ok()) {
    memory.Read(*text);
  } else if (!absl::IsNotFound(text.status()) && !absl::IsOutOfRange(text.status())) {
    return text.status();
  }
  return memory;
}

void ImportMemory::Read(absl::string_view text) {
  auto json = trust::ParseJson(text, kMaxBytes, kMaxDepth);
  if (!json.ok()) return;
  trust::FieldErrors errors(reputation::RejectReason::kIoError);
  const trust::JsonFields fields(*json, "imports", &errors);
  for (const nlohmann::json& value : fields.Array("seen")) {
    const trust::JsonFields entry(value, "seen", &errors);
    entries_.push_back(
        {{entry.String("directory"), entry.String("name"), entry.Integer("bytes"),
          // Nanoseconds are beyond what JSON's integers hold exactly.
          entry.Integer("modified_s") * 1'000'000'000 + entry.Integer("modified_ns")},
         entry.String("sha256"),
         entry.String("reason"),
         {}});
    for (const nlohmann::json& feed : entry.Array("feeds")) {
      if (feed.is_string()) entries_.back().feeds.push_back(feed.get<std::string>());
    }
  }
  if (!errors.ok()) entries_.clear();
}

bool ImportMemory::Knows(const InboxFile& file) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.file == file; });
}

absl::Status ImportMemory::Remember(const InboxFile& file, const trust::BundleImport& outcome) {
  entries_.remove_if([&](const Entry& entry) {
    return entry.file.directory == file.directory && entry.file.name == file.name;
  });
  entries_.push_back({file, outcome.sha256, outcome.reason, {}});
  for (const trust::FeedImport& feed : outcome.feeds) {
    if (feed.state != "refused") entries_.back().feeds.push_back(feed.feed);
  }
  while (entries_.size() > most_entries_) entries_.pop_front();
  return Write();
}

absl::Status ImportMemory::Forget(absl::string_view reason) {
  const size_t before = entries_.size();
  entries_.remove_if([&](const Entry& entry) { return entry.reason == reason; });
  return entries_.size() == before ? absl::OkStatus() : Write();
}

absl::Status ImportMemory::ForgetLastOf(absl::string_view feed) {
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& entry) {
    return std::find(entry.feeds.begin(), entry.feeds.end(), feed) != entry.feeds.end();
  });
  if (last == entries_.rend()) return absl::OkStatus();
  entries_.erase(std::next(last).base());
  return Write();
}

absl::Status ImportMemory::Write() const {
  ordered_json seen = ordered_json::array();
  for (const Entry& entry : entries_) {
    seen.push_back({{"directory", entry.file.directory},
                    {"name", entry.file.name},
                    {"bytes", entry.file.bytes},
                    {"modified_s", entry.file.modified_ns / 1'000'000'000},
                    {"modified_ns", entry.file.modified_ns % 1'000'000'000},
                    {"sha256", entry.sha256},
                    {"reason", entry.reason},
                    {"feeds", entry.feeds}});
  }
  const std::string text =
      ordered_json{{"seen", seen}}.dump(1, ' ', false, ordered_json::error_handler_t::replace);
  return storage::WriteFileAtomically(path_, text + "\n");
}

}  // namespace cloister::worker
