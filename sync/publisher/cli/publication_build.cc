#include "sync/publisher/cli/publication_build.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "storage/files/files.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/progress.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kRootWarning = absl::Hours(24 * 30);

// Everything up to the report.
absl::Status RunBuildOf(const Publication& publication, BuildOptions options,
                        const Arguments& arguments, const Console& console, BuildReport* report) {
  std::unique_ptr<ImportGuard> guard;
  // A publication without a file was made of a command line, which has no guards.
  if (!publication.file.empty()) {
    absl::StatusOr<std::unique_ptr<ImportGuard>> made = BuildImportGuard(publication.guards);
    if (!made.ok()) return made.status();
    guard = *std::move(made);
  }
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(publication.repository);
  if (!repository.ok()) return repository.status();
  options.lifetimes = Combine((*repository)->settings().lifetimes, arguments.lifetimes);
  RoleSigners signers;
  if (!options.dry_run) {
    absl::StatusOr<Published> published = (*repository)->Load(console.now);
    if (!published.ok()) return published.status();
    absl::StatusOr<RoleSigners> loaded = KeyRing(KeysOf(publication)).LoadSigners(published->root);
    if (!loaded.ok()) return loaded.status();
    signers = *std::move(loaded);
  }
  std::optional<SourceCopies> copies;
  if (absl::c_any_of(publication.sources,
                     [](const PublicationSource& source) { return source.web.has_value(); })) {
    copies.emplace(CopiesDirectory(publication));
  }
  const BuildParts parts = {.repository = **repository,
                            .signers = signers,
                            .copies = copies.has_value() ? &*copies : nullptr,
                            .guard = guard.get()};
  return BuildPublication(publication, parts, options, report);
}

void WarnOfRoot(const BuildReport& report, const Console& console) {
  if (!report.published.has_value()) return;
  if (report.published->root_expires - console.now >= kRootWarning) return;
  console.err << "warning: the root expires at " << MetadataTime(report.published->root_expires)
              << ", and no appliance takes anything after that; run: cloister-publish renew-root\n";
}

absl::Status Report(const BuildReport& report, const absl::Status& status,
                    const Arguments& arguments, const Console& console) {
  const std::string error = status.ok() ? "" : std::string(status.message());
  absl::Status written;
  if (!arguments.report_file.empty()) {
    written = storage::WriteFileAtomically(arguments.report_file, BuildReportJson(report, error),
                                           /*mode=*/0644);
  }
  if (!status.ok()) {
    PrintSources(report, console.err);
    return status;
  }
  WarnOfRoot(report, console);
  if (arguments.json) {
    PrintJson(report, console.out);
  } else {
    PrintText(report, console.out);
  }
  return written;
}

}  // namespace

KeyOptions KeysOf(const Publication& publication) {
  return {.folders = publication.key_folders,
          .single = publication.keys,
          .passphrase_file = publication.passphrase_file,
          .pin_file = publication.pin_file};
}

absl::Status BuildAndReport(const Publication& publication, BuildOptions options,
                            const Arguments& arguments, const Console& console) {
  BuildReport report;
  absl::Status built;
  {
    Progress progress(console.err, console.err_is_terminal);
    options.now = console.now;
    options.progress = &progress;
    built = RunBuildOf(publication, options, arguments, console, &report);
  }
  return Report(report, built, arguments, console);
}

}  // namespace cloister::publisher
