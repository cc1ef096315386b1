#include "tests/support/folder_repository.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace cloister::testing {
namespace {

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file) std::abort();
}

}  // namespace

void WriteRepository(RepositorySimulator& repository, const std::string& path) {
  const std::string metadata = path + "/metadata/";
  const std::string targets = path + "/targets/";
  std::filesystem::create_directories(metadata);
  std::filesystem::create_directories(targets);
  const uint64_t newest = repository.root["version"];
  for (uint64_t version = 1; version <= newest; ++version) {
    Write(absl::StrCat(metadata, version, ".root.json"), repository.PublishedRoot(version));
  }
  Write(absl::StrCat(metadata, int64_t{repository.targets["version"]}, ".targets.json"),
        repository.Bytes(trust::Role::kTargets));
  Write(absl::StrCat(metadata, int64_t{repository.snapshot["version"]}, ".snapshot.json"),
        repository.Bytes(trust::Role::kSnapshot));
  for (const auto& [name, bytes] : repository.target_files) {
    if (repository.missing.count(name) == 0) Write(targets + name, bytes);
  }
  Write(metadata + "timestamp.json", repository.Bytes(trust::Role::kTimestamp));
}

}  // namespace cloister::testing
