#include <CLI/CLI.hpp>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/output.h"

namespace cloister::publisher {

void AddStatus(CLI::App* app, Arguments* arguments) {
  CLI::App* status = app->add_subcommand("status", "Verify a repository and show what it offers");
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
  return absl::OkStatus();
}

}  // namespace cloister::publisher
