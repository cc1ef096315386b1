#include "tests/unit/sync/publication_fixture.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "sync/publisher/guards/import_guard.h"

namespace cloister::publisher {

PublicationFolder::PublicationFolder() = default;

void PublicationFolder::Write(absl::string_view name, absl::string_view text) const {
  const std::filesystem::path path = *this / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string PublicationFolder::Read(absl::string_view name) const {
  std::ostringstream text;
  text << std::ifstream(*this / name, std::ios::binary).rdbuf();
  return text.str();
}

bool PublicationFolder::Has(absl::string_view name) const {
  return std::filesystem::exists(*this / name);
}

void PublicationFolder::Configure(absl::string_view rest) const {
  Write("publication.toml",
        absl::StrReplaceAll("[repository]\npath = 'REPOSITORY'\nstate_directory = 'state'\n"
                            "[keys]\nfolders = ['KEYS']\n",
                            {{"REPOSITORY", feed_.path()}, {"KEYS", feed_.keys_directory()}}) +
            std::string(rest));
}

absl::StatusOr<Publication> PublicationFolder::Configured() const {
  return ReadPublication(*this / "publication.toml");
}

absl::Status PublicationFolder::Build(BuildOptions options, absl::Duration step) {
  now += step;
  report = BuildReport();
  absl::StatusOr<Publication> publication = Configured();
  if (!publication.ok()) return publication.status();
  absl::StatusOr<std::unique_ptr<ImportGuard>> guard = BuildImportGuard(publication->guards);
  if (!guard.ok()) return guard.status();
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(feed_.path());
  if (!repository.ok()) return repository.status();
  SourceCopies copies(CopiesDirectory(*publication));
  options.now = now;
  return BuildPublication(*publication,
                          {.repository = **repository,
                           .signers = feed_.signers,
                           .copies = &copies,
                           .guard = guard->get()},
                          options, &report);
}

testing::ProcessResult PublicationFolder::Run(std::vector<std::string> words) const {
  words.insert(words.begin(), testing::ProgramPath("cloister-publish"));
  absl::StatusOr<testing::ProcessResult> result =
      testing::RunProcess({.argv = std::move(words), .working_directory = directory_.path()});
  if (result.ok()) return *result;
  ADD_FAILURE() << result.status();
  return {-1, "", ""};
}

std::map<std::string, reputation::Record> PublicationFolder::Served() {
  std::map<std::string, reputation::Record> records;
  absl::StatusOr<std::map<std::string, std::string>> entries = feed_.Fetch();
  if (!entries.ok()) {
    ADD_FAILURE() << entries.status();
    return records;
  }
  for (const auto& [key, value] : *entries) {
    if (!reputation::LookupKey::Parse(key).ok()) continue;  // a label
    absl::StatusOr<reputation::Record> record = reputation::DecodeRecord(value);
    if (record.ok()) records[key] = *record;
  }
  return records;
}

std::optional<reputation::Record> PublicationFolder::ServedHost(absl::string_view name) {
  const std::map<std::string, reputation::Record> records = Served();
  const auto found = records.find(std::string(reputation::LookupKey::ForHost(name).bytes()));
  if (found == records.end()) return std::nullopt;
  return found->second;
}

uint64_t PublicationFolder::Version() {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::OpenReadOnly(feed_.path());
  if (!repository.ok()) return 0;
  absl::StatusOr<Published> published = (*repository)->Load(now);
  return published.ok() ? published->version() : 0;
}

}  // namespace cloister::publisher
