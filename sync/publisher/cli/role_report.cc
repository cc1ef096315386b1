#include "sync/publisher/cli/role_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sync/publisher/cli/duration.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/root_edit.h"

namespace cloister::publisher {
namespace {

using trust::Role;

struct RoleFile {
  Role role;
  trust::Common common;
  absl::Duration lifetime;
  const char* renewal;
};

template <typename T>
void AddFile(const std::optional<T>& file, RoleFile described, std::vector<RoleFile>* files) {
  if (!file.has_value()) return;
  described.common = *file;
  files->push_back(described);
}

// Those that exist: before the first version there is the root alone.
std::vector<RoleFile> FilesOf(const Published& published, const Lifetimes& lifetimes) {
  std::vector<RoleFile> files = {{Role::kRoot, published.root, lifetimes.root, "renew-root"}};
  AddFile(published.targets, {Role::kTargets, {}, lifetimes.targets, "publish"}, &files);
  AddFile(published.snapshot, {Role::kSnapshot, {}, lifetimes.snapshot, "publish"}, &files);
  AddFile(published.timestamp,
          {Role::kTimestamp, {}, lifetimes.timestamp, "refresh-timestamp, or publish"}, &files);
  return files;
}

std::string TimeLeft(const trust::Common& common, absl::Time now) {
  return common.expires > now
             ? absl::StrCat("good for ", FormatLifetime(common.expires - now))
             : absl::StrCat("EXPIRED ", FormatLifetime(now - common.expires), " ago");
}

}  // namespace

void PrintRoles(const Published& published, absl::Time now, std::ostream& out) {
  for (const RoleFile& file : FilesOf(published, Lifetimes())) {
    const trust::RoleKeys& role = published.root.roles.at(file.role);
    out << absl::StrFormat("  %-10s version %-6d %s (%s)\n", trust::RoleName(file.role),
                           file.common.version, TimeLeft(file.common, now),
                           MetadataTime(file.common.expires));
    out << "             " << role.threshold << " of " << role.key_ids.size()
        << (role.key_ids.size() == 1 ? " key:" : " keys:");
    for (const std::string& id : role.key_ids) out << " " << ShortKey(published.root, id);
    out << "\n";
  }
}

nlohmann::json RolesJson(const Published& published, absl::Time now) {
  nlohmann::json roles = nlohmann::json::object();
  for (const RoleFile& file : FilesOf(published, Lifetimes())) {
    const trust::RoleKeys& role = published.root.roles.at(file.role);
    roles[std::string(trust::RoleName(file.role))] = {
        {"version", file.common.version},
        {"expires", MetadataTime(file.common.expires)},
        {"expired", file.common.expires <= now},
        {"days_left", absl::ToInt64Hours(file.common.expires - now) / 24},
        {"threshold", role.threshold},
        {"key_ids", role.key_ids}};
  }
  return roles;
}

std::vector<std::string> ExpiryWarnings(const Published& published, const Lifetimes& lifetimes,
                                        absl::Time now) {
  std::vector<std::string> warnings;
  for (const RoleFile& file : FilesOf(published, lifetimes)) {
    const absl::Duration left = file.common.expires - now;
    if (left >= file.lifetime / 4) continue;
    warnings.push_back(absl::StrCat(trust::RoleName(file.role), " is ", TimeLeft(file.common, now),
                                    "; run: cloister-publish ", file.renewal));
  }
  return warnings;
}

}  // namespace cloister::publisher
