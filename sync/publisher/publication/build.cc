#include "sync/publisher/publication/build.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sync/publisher/publication/build_counts.h"
#include "sync/publisher/publication/conflict_names.h"
#include "sync/publisher/publication/held_file.h"
#include "sync/publisher/publication/located_source.h"
#include "sync/publisher/publication/source_reading.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/sources/web_url.h"

namespace cloister::publisher {
namespace {

// Publishers of feeds put keys into paths: no report has more of a URL than its host.
std::string HostOf(const WebSource& web) {
  const absl::StatusOr<WebUrl> url = ParseWebUrl(web.url, web.allow_http);
  return url.ok() ? url->origin : "";
}

// One run of BuildPublication.
class Build {
 public:
  Build(const Publication& publication, const BuildParts& parts, const BuildOptions& options,
        BuildReport* report)
      : publication_(publication), parts_(parts), options_(options), report_(report) {
    if (options_.progress == nullptr) options_.progress = &silent_;
  }

  absl::Status Run() {
    report_->feed = parts_.repository.settings().feed;
    absl::Status done = CheckNames();
    if (done.ok()) done = ReadCounts();
    if (done.ok()) done = Locate();
    if (done.ok()) done = ReadAll();
    if (done.ok()) done = CheckLosses();
    if (done.ok()) done = Sort();
    if (done.ok() && !options_.dry_run) done = PublishVersion();
    if (done.ok() && !options_.dry_run) done = Remember();
    return done;
  }

 private:
  bool keeps_state() const { return !publication_.state_directory.empty() && !options_.dry_run; }

  // "reading urlhaus (1 of 3)"
  void Begin(absl::string_view what, size_t source) {
    options_.progress->Begin(absl::StrCat(what, " ", publication_.sources[source].name, " (",
                                          source + 1, " of ", publication_.sources.size(), ")"));
  }

  absl::Status CheckNames() const {
    for (const std::string& name : options_.accept_loss) {
      bool known = false;
      for (const PublicationSource& source : publication_.sources) known |= source.name == name;
      if (known) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("--accept-loss: no source is called \"", name, "\""));
    }
    return absl::OkStatus();
  }

  absl::Status ReadCounts() {
    if (publication_.state_directory.empty()) return absl::OkStatus();
    absl::StatusOr<BuildCounts> counts = ReadBuildCounts(publication_.state_directory);
    if (counts.ok()) before_ = *std::move(counts);
    return counts.status();
  }

  absl::Status Locate() {
    for (size_t i = 0; i < publication_.sources.size(); ++i) {
      const PublicationSource& source = publication_.sources[i];
      Begin(source.web.has_value() ? "fetching" : "looking for", i);
      absl::StatusOr<LocatedSource> located = LocateSource(source, parts_, options_);
      if (!located.ok()) return located.status();
      located_.push_back(*std::move(located));
    }
    return absl::OkStatus();
  }

  // A copy that was just fetched and turns out not to be readable is dropped, and all is read anew
  // with the one before it: each source at most once.
  absl::Status ReadAll() {
    while (true) {
      std::optional<size_t> bad;
      const absl::Status read = ReadOnce(&bad);
      if (read.ok() || !bad.has_value() || !located_[*bad].is_new_copy) return read;
      absl::StatusOr<LocatedSource> good =
          LocateLastGood(publication_.sources[*bad], parts_, options_, read);
      if (!good.ok()) return good.status();
      located_[*bad] = *std::move(good);
    }
  }

  absl::Status ReadOnce(std::optional<size_t>* bad) {
    report_->sources.clear();
    sorter_ = std::make_unique<EntrySorter>(
        EntrySorter::Options{.directory = parts_.repository.building_directory()});
    std::optional<HeldFile> held;
    if (keeps_state() && parts_.guard != nullptr) {
      absl::StatusOr<HeldFile> created = HeldFile::Create(publication_.state_directory);
      if (!created.ok()) return created.status();
      held = *std::move(created);
    }
    const ReadingParts reading = {.sorter = sorter_.get(),
                                  .guard = parts_.guard,
                                  .held = held.has_value() ? &*held : nullptr,
                                  .progress = options_.progress,
                                  .now = options_.now};
    for (size_t i = 0; i < publication_.sources.size(); ++i) {
      Begin("reading", i);
      const ReadingResult read =
          ReadSourceEntries(publication_.sources[i], located_[i], reading, NewReport(i));
      if (read.is_bad_source) *bad = i;
      if (!read.status.ok()) return read.status;
    }
    if (!held.has_value()) return absl::OkStatus();
    absl::StatusOr<std::string> path = held->Commit();
    if (path.ok()) report_->held_file = *path;
    return path.status();
  }

  SourceReport* NewReport(size_t i) {
    const PublicationSource& source = publication_.sources[i];
    SourceReport& report = report_->sources.emplace_back(source.name);
    report.format = source.format;
    report.place = source.web.has_value() ? HostOf(*source.web) : source.path;
    report.last_copy = located_[i].last_copy;
    report.note = source.note;
    const auto before = before_.find(source.name);
    if (before != before_.end()) report.entries_before = before->second;
    return &report;
  }

  absl::Status CheckLosses() const {
    std::string lost;
    for (size_t i = 0; i < publication_.sources.size(); ++i) {
      const PublicationSource& source = publication_.sources[i];
      const SourceReport& report = report_->sources[i];
      if (options_.accept_loss.count(source.name) > 0) continue;
      const auto before = static_cast<double>(report.entries_before.value_or(0));
      if (static_cast<double>(report.entries) >= before * source.min_kept_share) continue;
      absl::StrAppend(
          &lost, lost.empty() ? "" : "\n", "source \"", source.name, "\" has lost most of its ",
          "entries: ", report.entries, " are left of ", *report.entries_before,
          absl::StrFormat(", %.1f %%, and min_kept_share asks for %.0f %%. ",
                          100.0 * static_cast<double>(report.entries) / before,
                          100.0 * source.min_kept_share),
          "Nothing was published. If that is right, go on once with: --accept-loss ", source.name);
    }
    return lost.empty() ? absl::OkStatus() : absl::FailedPreconditionError(lost);
  }

  absl::Status Sort() {
    options_.progress->Begin("sorting");
    absl::StatusOr<std::unique_ptr<SortedEntries>> entries = sorter_->Finish();
    if (!entries.ok()) return entries.status();
    entries_ = *std::move(entries);
    sorter_.reset();
    const MergeReport& merges = entries_->merges();
    for (size_t i = 0; i < report_->sources.size(); ++i) {
      report_->sources[i].merge = merges.sources[i];
    }
    report_->records = entries_->records();
    report_->duplicates = entries_->duplicates();
    report_->conflicts = merges.conflicts;
    report_->conflict_examples = NameConflicts(merges, publication_.sources, located_);
    return absl::OkStatus();
  }

  absl::Status PublishVersion() {
    options_.progress->Begin("writing packs");
    PublishOptions options;
    options.now = options_.now;
    options.lifetimes = options_.lifetimes.value_or(parts_.repository.settings().lifetimes);
    options.minimum_poll_interval = publication_.minimum_poll_interval;
    options.snapshot = options_.snapshot;
    options.also_covers = publication_.also_covers;
    for (const PublicationSource& source : publication_.sources) {
      if (!source.note.name.empty()) options.sources.push_back(source.note);
    }
    options.progress = [this](uint64_t entries) { options_.progress->Tell(entries, 0, "entries"); };
    absl::StatusOr<PublishResult> result =
        Publish(parts_.repository, parts_.signers, *entries_, options);
    if (!result.ok()) return result.status();
    report_->published = *std::move(result);
    return absl::OkStatus();
  }

  // Only what has been published is remembered.
  absl::Status Remember() const {
    BuildCounts counts;
    for (size_t i = 0; i < publication_.sources.size(); ++i) {
      const PublicationSource& source = publication_.sources[i];
      counts[source.name] = report_->sources[i].entries;
      if (!located_[i].is_new_copy) continue;
      absl::Status accepted = parts_.copies->Accept(source.name);
      if (!accepted.ok()) return accepted;
    }
    if (!keeps_state()) return absl::OkStatus();
    return WriteBuildCounts(publication_.state_directory, counts);
  }

  const Publication& publication_;
  const BuildParts& parts_;
  BuildOptions options_;
  BuildProgress silent_;
  BuildReport* report_;
  BuildCounts before_;
  std::vector<LocatedSource> located_;
  std::unique_ptr<EntrySorter> sorter_;
  std::unique_ptr<SortedEntries> entries_;
};

}  // namespace

absl::Status BuildPublication(const Publication& publication, const BuildParts& parts,
                              const BuildOptions& options, BuildReport* report) {
  return Build(publication, parts, options, report).Run();
}

std::string CopiesDirectory(const Publication& publication) {
  return absl::StrCat(publication.state_directory, "/copies");
}

}  // namespace cloister::publisher
