#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/progress.h"
#include "sync/publisher/feeds/feed_reader.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kRootWarning = absl::Hours(24 * 30);

absl::StatusOr<RoleSigners> LoadSigners(const std::string& directory) {
  RoleSigners signers;
  const std::pair<trust::Role, std::vector<SigningKey>*> roles[] = {
      {trust::Role::kTargets, &signers.targets},
      {trust::Role::kSnapshot, &signers.snapshot},
      {trust::Role::kTimestamp, &signers.timestamp}};
  for (const auto& [role, keys] : roles) {
    absl::StatusOr<std::vector<SigningKey>> loaded = LoadKeys(directory, role);
    if (!loaded.ok()) return loaded.status();
    *keys = *std::move(loaded);
  }
  return signers;
}

// Reads one source into the sorter.
absl::StatusOr<FeedReport> ReadSource(const SourceSpec& source, const FeedOptions& options,
                                      EntrySorter* sorter, Progress* progress) {
  absl::StatusOr<std::unique_ptr<FeedReader>> reader = NewFeedReader(source.format, options);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<LineReader> lines = LineReader::Open(source.path);
  if (!lines.ok()) return lines.status();
  progress->Begin(absl::StrCat("reading ", source.path));
  (*reader)->set_progress(
      [progress](const LineReader& at) { progress->Tell(at.number(), "lines"); });

  FeedReport report(absl::StrCat(source.format, ":", source.path));
  absl::Status read = (*reader)->Read(
      *lines, [sorter](const FeedEntry& entry) { return sorter->Add(entry); }, &report);
  if (read.ok()) return report;
  return absl::Status(read.code(), absl::StrCat(source.path, ": ", read.message()));
}

PublishOptions OptionsFrom(const Arguments& arguments, const Repository& repository,
                           const Console& console, Progress* progress) {
  PublishOptions options;
  options.now = console.now;
  options.lifetimes = Combine(repository.settings().lifetimes, arguments.lifetimes);
  options.minimum_poll_interval = absl::Seconds(arguments.minimum_poll_s);
  options.snapshot = arguments.snapshot;
  options.also_covers = arguments.also_covers;
  options.progress = [progress](uint64_t entries) { progress->Tell(entries, "entries"); };
  return options;
}

}  // namespace

absl::Status RunPublish(const Arguments& arguments, const Console& console) {
  absl::StatusOr<RoleSigners> signers = LoadSigners(arguments.keys);
  if (!signers.ok()) return signers.status();
  absl::StatusOr<std::unique_ptr<Repository>> opened = Repository::Open(arguments.repository);
  if (!opened.ok()) return opened.status();
  Repository& repository = **opened;

  BuildReport report;
  report.feed = repository.settings().feed;
  {
    Progress progress(console.err, console.err_is_terminal);
    EntrySorter sorter({.directory = repository.building_directory()});
    for (const SourceSpec& source : arguments.sources) {
      absl::StatusOr<FeedReport> read =
          ReadSource(source, {.verdict = arguments.verdict}, &sorter, &progress);
      if (!read.ok()) return read.status();
      report.sources.push_back(*std::move(read));
    }
    progress.Begin("sorting");
    absl::StatusOr<std::unique_ptr<SortedEntries>> entries = sorter.Finish();
    if (!entries.ok()) return entries.status();
    report.duplicates = (*entries)->duplicates();

    progress.Begin("writing packs");
    absl::StatusOr<PublishResult> result = Publish(
        repository, *signers, **entries, OptionsFrom(arguments, repository, console, &progress));
    if (!result.ok()) {
      PrintSources(report, console.err);
      return result.status();
    }
    report.result = *std::move(result);
  }
  if (report.result.root_expires - console.now < kRootWarning) {
    console.err
        << "warning: the root expires at " << MetadataTime(report.result.root_expires)
        << ", and no appliance takes anything after that; run: cloister-publish renew-root\n";
  }
  if (arguments.json) {
    PrintJson(report, console.out);
  } else {
    PrintText(report, console.out);
  }
  return absl::OkStatus();
}

}  // namespace cloister::publisher
