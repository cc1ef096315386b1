#include <CLI/CLI.hpp>
#include <filesystem>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/role_report.h"

namespace cloister::publisher {
namespace {

constexpr char kFooter[] = R"(
Warns on standard error of signatures that lapse soon, and of a change of the root that waits.

Examples:
  cloister-publish status --repository repo
  cloister-publish status --repository repo --output json | jq .timestamp.days_left
)";

void Warn(const Repository& repository, const Published& published, const Console& console) {
  for (const std::string& warning :
       ExpiryWarnings(published, repository.settings().lifetimes, console.now)) {
    console.err << "warning: " << warning << "\n";
  }
  std::error_code ignored;
  if (std::filesystem::exists(repository.staged_root_path(), ignored)) {
    console.err << "note: a change of the root waits in " << repository.staged_root_path()
                << "; sign-root shows it\n";
  }
}

}  // namespace

void AddStatus(CLI::App* app, Arguments* arguments) {
  CLI::App* status = app->add_subcommand("status", "Verify a repository and show what it offers");
  status->footer(kFooter);
  AddRepositoryOption(status, arguments);
  AddOutputOption(status, arguments);
  SelectCommand(status, arguments, RunStatus);
}

absl::Status RunStatus(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository =
      Repository::OpenReadOnly(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  for (const trust::PackTarget& pack : published->packs) {
    if (absl::Status good = (*repository)->CheckPack(pack); !good.ok()) return good;
  }
  const RepositoryReport report{(*repository)->settings().feed, *std::move(published), console.now};
  if (arguments.json) {
    PrintJson(report, console.out);
  } else {
    PrintText(report, console.out);
  }
  Warn(**repository, report.published, console);
  return absl::OkStatus();
}

}  // namespace cloister::publisher
