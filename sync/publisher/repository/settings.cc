#include "sync/publisher/repository/settings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

constexpr uint64_t kMaxSettingsBytes = 64 * 1024;
constexpr size_t kMaxFeedNameBytes = 64;
constexpr uint64_t kMaxRetainedVersions = 1024;
constexpr uint64_t kMaxRetainedSnapshots = 16;
constexpr uint64_t kMaxGraceSeconds = 366 * 24 * 3600;

nlohmann::json SettingsJson(const Settings& settings) {
  const Lifetimes& lifetimes = settings.lifetimes;
  return {{"feed", settings.feed},
          {"lifetimes_s",
           {{"root", absl::ToInt64Seconds(lifetimes.root)},
            {"targets", absl::ToInt64Seconds(lifetimes.targets)},
            {"snapshot", absl::ToInt64Seconds(lifetimes.snapshot)},
            {"timestamp", absl::ToInt64Seconds(lifetimes.timestamp)}}},
          {"retention",
           {{"versions", settings.retention.versions},
            {"snapshots", settings.retention.snapshots},
            {"grace_s", absl::ToInt64Seconds(settings.retention.grace)}}}};
}

absl::StatusOr<absl::Duration> LifetimeFrom(const nlohmann::json& json, const char* role) {
  const auto lifetimes = json.find("lifetimes_s");
  if (lifetimes != json.end() && lifetimes->is_object()) {
    const auto value = lifetimes->find(role);
    if (value != lifetimes->end() && value->is_number_integer() && value->get<int64_t>() > 0) {
      return absl::Seconds(value->get<int64_t>());
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("lifetimes_s.", role, " is not a number above 0"));
}

// Repositories made before this was a setting do not state it.
absl::Status ReadRetention(const nlohmann::json& json, Retention* retention) {
  const auto stated = json.find("retention");
  if (stated == json.end()) return absl::OkStatus();
  uint64_t grace_s = 0;
  uint64_t versions = 0;
  uint64_t snapshots = 0;
  const struct {
    const char* name;
    uint64_t min, max;
    uint64_t* value;
  } fields[] = {{"versions", 1, kMaxRetainedVersions, &versions},
                {"snapshots", 1, kMaxRetainedSnapshots, &snapshots},
                {"grace_s", 0, kMaxGraceSeconds, &grace_s}};
  for (const auto& field : fields) {
    const auto value = stated->is_object() ? stated->find(field.name) : stated->end();
    if (value == stated->end() || !value->is_number_unsigned() ||
        value->get<uint64_t>() < field.min || value->get<uint64_t>() > field.max) {
      return absl::InvalidArgumentError(absl::StrCat(
          "retention.", field.name, " is not a number from ", field.min, " to ", field.max));
    }
    *field.value = value->get<uint64_t>();
  }
  *retention = {static_cast<uint32_t>(versions), static_cast<uint32_t>(snapshots),
                absl::Seconds(grace_s)};
  return absl::OkStatus();
}

absl::StatusOr<Settings> SettingsFrom(const nlohmann::json& json) {
  Settings settings;
  if (!json.is_object() || !json.contains("feed") || !json["feed"].is_string()) {
    return absl::InvalidArgumentError("no name of the feed under \"feed\"");
  }
  settings.feed = json["feed"].get<std::string>();
  absl::Status name = CheckFeedName(settings.feed);
  if (!name.ok()) return name;
  Lifetimes& lifetimes = settings.lifetimes;
  const std::pair<const char*, absl::Duration*> roles[] = {{"root", &lifetimes.root},
                                                           {"targets", &lifetimes.targets},
                                                           {"snapshot", &lifetimes.snapshot},
                                                           {"timestamp", &lifetimes.timestamp}};
  for (const auto& [role, lifetime] : roles) {
    absl::StatusOr<absl::Duration> read = LifetimeFrom(json, role);
    if (!read.ok()) return read.status();
    *lifetime = *read;
  }
  absl::Status retention = ReadRetention(json, &settings.retention);
  if (!retention.ok()) return retention;
  return settings;
}

}  // namespace

absl::Status CheckFeedName(absl::string_view name) {
  bool good = !name.empty() && name.size() <= kMaxFeedNameBytes && absl::ascii_isalnum(name[0]);
  for (const char c : name) {
    good = good && (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_');
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", name,
                   "' cannot be a feed's name: lower-case letters, digits, '-' and '_', "
                   "at most ",
                   kMaxFeedNameBytes, ", a letter or digit first"));
}

std::string SettingsPath(const std::string& path) { return absl::StrCat(path, "/publisher.json"); }

std::string SettingsText(const Settings& settings) { return SettingsJson(settings).dump(2) + "\n"; }

absl::StatusOr<Settings> ReadSettings(const std::string& path) {
  absl::StatusOr<std::string> text = storage::ReadFile(SettingsPath(path), kMaxSettingsBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(
        path, " is not a repository; make one with: cloister-publish init --repository ", path,
        " --keys DIR --feed NAME"));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<Settings> settings =
      SettingsFrom(nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false));
  if (settings.ok()) return settings;
  return absl::InvalidArgumentError(
      absl::StrCat(SettingsPath(path), ": ", settings.status().message()));
}

}  // namespace cloister::publisher
