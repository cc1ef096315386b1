#include "sync/publisher/publication/source_reading.h"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sync/publisher/publication/source_configuration.h"
#include "sync/publisher/publication/source_policy.h"

namespace cloister::publisher {
namespace {

using feeds::FeedEntry;
using feeds::FeedReport;

// Enough for every value of a byte-sized enum of ours.
constexpr size_t kMaxWords = 64;
using WordCounts = std::array<uint64_t, kMaxWords>;

template <typename Word>
void Count(Word word, WordCounts* counts) {
  ++(*counts)[static_cast<size_t>(word) % kMaxWords];
}

template <typename Word>
void AddTo(const WordCounts& counts, std::map<Word, uint64_t>* sums) {
  for (size_t i = 0; i < kMaxWords; ++i) {
    if (counts[i] != 0) (*sums)[static_cast<Word>(i)] += counts[i];
  }
}

// Text from outside may hold what a terminal would obey.
std::string Printable(absl::string_view text) {
  const std::string safe = absl::CEscape(text.substr(0, FeedReport::kMaxExampleBytes));
  return absl::StrReplaceAll(safe, {{"\\\"", "\""}, {"\\'", "'"}});
}

// Takes what the reader makes of one file.
class EntryTaker {
 public:
  EntryTaker(const PublicationSource& source, const ReadingParts& parts, uint16_t number,
             SourceReport* report)
      : source_(source),
        parts_(parts),
        number_(number),
        policy_(source.terms, parts.now),
        report_(report) {}

  // Where refusals are noted.
  void set_file_report(FeedReport* file) { file_ = file; }

  absl::Status Take(const FeedEntry& entry) {
    if (!policy_.changes()) return Pass(entry, policy_.Refusal(entry));
    // Assigned to, so that its texts keep their memory from entry to entry.
    if (changed_.has_value()) {
      *changed_ = entry;
    } else {
      changed_ = entry;
    }
    const std::optional<feeds::Fault> fault = policy_.Apply(&*changed_);
    return Pass(*changed_, fault);
  }

  // What was counted since the last time, into the report.
  void Settle() {
    AddTo(kinds_, &report_->kinds);
    AddTo(verdicts_, &report_->verdicts);
    AddTo(categories_, &report_->categories);
    kinds_.fill(0);
    verdicts_.fill(0);
    categories_.fill(0);
  }

 private:
  absl::Status Pass(const FeedEntry& entry, const std::optional<feeds::Fault>& fault) {
    if (fault.has_value()) {
      file_->Reject(*fault, /*line=*/0, entry.listed);
      return absl::OkStatus();
    }
    ++report_->entries;
    if (parts_.guard != nullptr) {
      const std::optional<GuardFinding> finding = parts_.guard->Check(entry);
      if (finding.has_value()) return Stop(entry, *finding);
    }
    Count(entry.key.kind(), &kinds_);
    for (const reputation::Category category : entry.label.categories) {
      Count(category, &categories_);
    }
    if (entry.record.excluded) {
      ++report_->exclusions;
    } else {
      Count(entry.record.verdict, &verdicts_);
    }
    return parts_.sorter->Add(entry, number_);
  }

  absl::Status Stop(const FeedEntry& entry, const GuardFinding& finding) {
    GuardedEntries& stopped = report_->guarded[finding.guard];
    stopped.action = finding.action;
    ++stopped.count;
    if (stopped.examples.size() < GuardedEntries::kMaxExamples) {
      stopped.examples.push_back({Printable(entry.listed), Printable(finding.why)});
    }
    if (parts_.held == nullptr) return absl::OkStatus();
    return parts_.held->Add(source_.name, entry, finding);
  }

  const PublicationSource& source_;
  const ReadingParts& parts_;
  const uint16_t number_;
  const SourcePolicy policy_;
  SourceReport* report_;
  FeedReport* file_ = nullptr;
  std::optional<FeedEntry> changed_;
  WordCounts kinds_{};
  WordCounts verdicts_{};
  WordCounts categories_{};
};

// How a report names `file`; empty where the source is one file.
std::string NameIn(const LocatedSource& located, const std::string& file) {
  if (located.folder.empty()) return "";
  return std::filesystem::path(file).lexically_relative(located.folder).string();
}

}  // namespace

ReadingResult ReadSourceEntries(const PublicationSource& source, const LocatedSource& located,
                                const ReadingParts& parts, SourceReport* report) {
  absl::StatusOr<std::unique_ptr<feeds::FeedReader>> reader =
      feeds::NewFeedReader(source.format, ReadingOptions(source));
  if (!reader.ok()) return {reader.status()};
  uint64_t before = 0;  // lines of the files before
  (*reader)->set_progress([&parts, &before](uint64_t read, absl::string_view what) {
    if (parts.progress != nullptr) parts.progress->Tell(before + read, 0, what);
  });
  EntryTaker taker(source, parts, parts.sorter->AddSource(source.name, source.terms.trust), report);
  absl::Status sunk;
  const feeds::EntrySink sink = [&taker, &sunk](const FeedEntry& entry) {
    sunk = taker.Take(entry);
    return sunk;
  };
  report->files = located.files.size();
  for (const std::string& file : located.files) {
    FeedReport read(source.name);
    taker.set_file_report(&read);
    const absl::Status status = (*reader)->Read(feeds::FeedSource(file), sink, &read);
    taker.Settle();
    before += read.lines();
    report->reading.Add(read, NameIn(located, file));
    if (!sunk.ok()) return {sunk};
    if (status.ok()) continue;
    return {absl::Status(status.code(), absl::StrCat("source \"", source.name, "\": ", file, ": ",
                                                     status.message())),
            /*is_bad_source=*/true};
  }
  return {};
}

}  // namespace cloister::publisher
