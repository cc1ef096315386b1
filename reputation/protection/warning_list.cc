#include "reputation/protection/warning_list.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "reputation/digest.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/protection/list_file.h"

namespace cloister::reputation {
namespace {

using nlohmann::json;

constexpr size_t kMaxFiles = 2000;
constexpr size_t kMaxNameBytes = 100;
constexpr absl::string_view kType = "type";

constexpr uint64_t kMaxListBytes = 64u << 20;

absl::Status BadList(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": ", what,
      "; name list.json of a MISP warning list, or a folder of such, or take it off the list"));
}

// What the entries of a list may be.
struct Entries {
  bool hosts = false;
  bool addresses = false;
  bool digests = false;
};

Entries EntriesOf(const json& list) {
  const auto attributes = list.find("matching_attributes");
  if (attributes == list.end() || !attributes->is_array()) return {true, true, true};
  Entries entries;
  for (const json& attribute : *attributes) {
    if (!attribute.is_string()) continue;
    const std::string& name = attribute.get_ref<const std::string&>();
    if (name == "domain" || name == "hostname" || name == "url") entries.hosts = true;
    if (name == "ip-src" || name == "ip-dst") entries.addresses = true;
    if (name == "sha256" || name == "sha1" || name == "md5") entries.digests = true;
  }
  return entries;
}

// Whether `text` was added; an error if there is no room.
absl::StatusOr<bool> AddEntry(absl::string_view text, const Entries& entries, ProtectedSet* set) {
  text = absl::StripAsciiWhitespace(text);
  if (entries.digests) {
    absl::StatusOr<Digest> digest = Digest::FromHex(text);
    if (digest.ok()) {
      absl::Status s = set->AddFile(*digest);
      return s.ok() ? absl::StatusOr<bool>(true) : s;
    }
  }
  if (entries.addresses) {
    absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(text);
    if (prefix.ok()) {
      absl::Status s = set->AddNetwork(*prefix);
      return s.ok() ? absl::StatusOr<bool>(true) : s;
    }
  }
  if (!entries.hosts) return false;
  absl::StatusOr<std::string> name = CanonicalHostName(absl::StripPrefix(text, "."));
  if (!name.ok()) return false;
  absl::Status s = set->AddHost(*name, /*and_below=*/false);
  return s.ok() ? absl::StatusOr<bool>(true) : s;
}

std::string NameOf(const json& list, const std::string& path) {
  const auto name = list.find("name");
  std::string words = name != list.end() && name->is_string()
                          ? name->get<std::string>()
                          : std::filesystem::path(path).parent_path().filename().string();
  for (char& c : words) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  if (words.size() > kMaxNameBytes) {
    // Not in the middle of a UTF-8 character.
    size_t end = kMaxNameBytes;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0) == 0x80) --end;
    words.resize(end);
  }
  return words;
}

bool IsFile(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

// Of a folder its lists; sorted.
std::set<std::string> ListsIn(const std::string& folder, std::error_code* error) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, *error)) {
    if (files.size() > kMaxFiles) break;
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".json" && IsFile(path)) files.insert(path.string());
    if (IsFile(path / "list.json")) files.insert((path / "list.json").string());
  }
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindWarningLists(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      const std::set<std::string> found = ListsIn(path, &error);
      if (error) return BadList(path, error.message());
      if (found.empty()) return BadList(path, "holds no list");
      files.insert(files.end(), found.begin(), found.end());
    } else if (IsFile(path)) {
      files.push_back(path);
    } else {
      return BadList(path, error ? error.message() : "is no file");
    }
    if (files.size() > kMaxFiles) {
      return BadList(path, absl::StrCat("with it there are more than ", kMaxFiles, " lists"));
    }
  }
  return files;
}

absl::Status AddWarningList(absl::string_view text, const std::string& path, ProtectedSet* set,
                            uint64_t* passed_over) {
  const json list = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!list.is_object()) return BadList(path, "is not a JSON object");
  const auto type = list.find(std::string(kType));
  const auto values = list.find("list");
  if (type == list.end() || !type->is_string()) return BadList(path, "has no \"type\"");
  if (values == list.end() || !values->is_array()) return BadList(path, "has no \"list\"");
  const std::string& kind = type->get_ref<const std::string&>();
  if (kind != "string" && kind != "hostname" && kind != "cidr") {
    *passed_over += values->size();
    return absl::OkStatus();
  }
  Entries entries = EntriesOf(list);
  if (kind == "hostname") entries = {.hosts = true};
  if (kind == "cidr") entries = {.addresses = true};
  set->BeginSource(absl::StrCat("warning list ", NameOf(list, path), ": "));
  for (const json& value : *values) {
    if (!value.is_string()) {
      ++*passed_over;
      continue;
    }
    absl::StatusOr<bool> added = AddEntry(value.get_ref<const std::string&>(), entries, set);
    if (!added.ok()) return added.status();
    if (!*added) ++*passed_over;
  }
  return absl::OkStatus();
}

absl::Status AddWarningLists(const std::vector<std::string>& paths, ProtectedSet* set,
                             uint64_t* passed_over) {
  absl::StatusOr<std::vector<std::string>> files = FindWarningLists(paths);
  if (!files.ok()) return files.status();
  for (const std::string& file : *files) {
    absl::StatusOr<std::string> text = ReadListFile(file, kMaxListBytes);
    if (!text.ok()) return text.status();
    if (absl::Status s = AddWarningList(*text, file, set, passed_over); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace cloister::reputation
