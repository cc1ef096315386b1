#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/publication_build.h"
#include "sync/publisher/publication/source_files.h"
#include "sync/publisher/repository/release.h"
#include "sync/publisher/sources/header_files.h"

namespace cloister::publisher {
namespace {

constexpr char kCheckFooter[] = R"(
Looks at everything that a build needs except the network: the file itself, the files and folders it
names, lists of guards, the repository, and whether the keys are those that its root names. Every
mistake is told with its place and its mend. Changes nothing.

Example:
  cloister-publish check publication.toml && cloister-publish build publication.toml

Exit codes: 0 a build can start; 1 something has to be mended; 2 wrong command line.
)";

using Mistakes = std::vector<std::string>;

void Note(absl::string_view what, const absl::Status& status, Mistakes* mistakes) {
  if (!status.ok()) mistakes->push_back(absl::StrCat(what, status.message()));
}

void CheckReadable(absl::string_view what, const std::string& path, Mistakes* mistakes) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return;
  const std::error_code error(errno, std::generic_category());
  mistakes->push_back(absl::StrCat(what, path, ": ", error.message()));
}

void CheckSource(const PublicationSource& source, Mistakes* mistakes) {
  const std::string name = absl::StrCat("source \"", source.name, "\": ");
  if (!source.web.has_value()) {
    Note(name, FindSourceFiles(source.path, source.format).status(), mistakes);
    return;
  }
  CheckReadable(name, source.web->ca_file, mistakes);
  for (const auto& [header, file] : source.web->header_files) {
    CheckReadable(absl::StrCat(name, "header ", header, ": "), file, mistakes);
  }
}

void WarnOfOpenKeys(const PublicationSource& source, std::ostream& err) {
  if (!source.web.has_value()) return;
  for (const std::string& warning : HeaderFileWarnings(source.web->header_files)) {
    err << "warning: source \"" << source.name << "\": " << warning << "\n";
  }
}

// The nearest folder that is there has to be one that can be written to.
void CheckStateDirectory(const std::string& path, Mistakes* mistakes) {
  std::filesystem::path folder = path;
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  if (access(folder.c_str(), W_OK | X_OK) == 0) return;
  error = std::error_code(errno, std::generic_category());
  mistakes->push_back(absl::StrCat("state_directory: ", folder.string(), ": ", error.message()));
}

absl::Status CheckRepository(const Publication& publication, const Console& console,
                             std::string* feed) {
  absl::StatusOr<std::unique_ptr<Repository>> repository =
      Repository::OpenReadOnly(publication.repository);
  if (!repository.ok()) return repository.status();
  *feed = (*repository)->settings().feed;
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  absl::StatusOr<RoleSigners> signers = KeyRing(KeysOf(publication)).LoadSigners(published->root);
  return signers.ok() ? CheckAllSigners(published->root, *signers) : signers.status();
}

}  // namespace

void AddCheck(CLI::App* app, Arguments* arguments) {
  CLI::App* check =
      app->add_subcommand("check", "Say whether a build of a publication's file can start");
  check->footer(kCheckFooter);
  check->add_option("FILE", arguments->publication_file, "The publication's file")
      ->type_name("FILE")
      ->required();
  AddOutputOption(check, arguments);
  check->add_flag("--json", arguments->json, "The same as --output json");
  SelectCommand(check, arguments, RunCheck);
}

absl::Status RunCheck(const Arguments& arguments, const Console& console) {
  absl::StatusOr<Publication> publication = ReadPublication(arguments.publication_file);
  if (!publication.ok()) return publication.status();
  Mistakes mistakes;
  std::string feed;
  Note("", CheckRepository(*publication, console, &feed), &mistakes);
  CheckStateDirectory(publication->state_directory, &mistakes);
  Note("[guards]: ", BuildImportGuard(publication->guards).status(), &mistakes);
  for (const PublicationSource& source : publication->sources) {
    CheckSource(source, &mistakes);
    WarnOfOpenKeys(source, console.err);
  }
  if (!mistakes.empty()) return absl::FailedPreconditionError(absl::StrJoin(mistakes, "\n"));
  if (arguments.json) {
    console.out << nlohmann::json{{"feed", feed}, {"sources", publication->sources.size()}}.dump(2)
                << "\n";
  } else {
    console.out << arguments.publication_file << ": feed \"" << feed << "\" from "
                << publication->sources.size()
                << (publication->sources.size() == 1 ? " source" : " sources")
                << "; a build can start\n";
  }
  return absl::OkStatus();
}

}  // namespace cloister::publisher
