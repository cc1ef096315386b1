#include "sync/publisher/guards/guard_lists.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reputation/host_name.h"
#include "reputation/protection/common_objects.h"
#include "reputation/protection/list_file.h"
#include "reputation/protection/public_suffixes.h"
#include "reputation/protection/shared_hosts.h"
#include "reputation/protection/warning_list.h"
#include "sync/publisher/guards/named_object.h"

namespace cloister::publisher {
namespace {

using reputation::ProtectedSet;

constexpr uint64_t kMaxPopularBytes = 256u << 20;
constexpr uint64_t kMaxAllowBytes = 64u << 20;
constexpr Guard kGuards[] = {Guard::kEmptyFile,  Guard::kPublicSuffix, Guard::kPrivateNetwork,
                             Guard::kWidePrefix, Guard::kWarningList,  Guard::kPopularHost,
                             Guard::kSharedHost, Guard::kOwnAsset};

absl::Status In(absl::string_view setting, const absl::Status& status,
                absl::string_view otherwise = "") {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(setting, ": ", status.message(), otherwise));
}

// The names above `name` that are more than a public suffix.
absl::Status AddParents(absl::string_view name, ProtectedSet* parents) {
  for (size_t dot = name.find('.'); dot != absl::string_view::npos; dot = name.find('.')) {
    name.remove_prefix(dot + 1);
    if (!absl::StrContains(name, '.') || reputation::IsPublicSuffix(name)) continue;
    if (absl::Status s = parents->AddHost(name, /*and_below=*/false); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// Calls `use` with each line that says something, and its number.
template <typename Use>
absl::Status ForEachLine(absl::string_view text, const std::string& path, const Use& use) {
  uint64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const absl::StatusOr<bool> more = use(line);
    if (!more.ok()) return In(absl::StrCat(path, ":", number), more.status());
    if (!*more) break;
  }
  return absl::OkStatus();
}

// "github.com", "12,github.com", "https://github.com,…".
absl::string_view PopularName(absl::string_view line) {
  const std::pair<absl::string_view, absl::string_view> fields =
      absl::StrSplit(line, absl::MaxSplits(',', 1));
  uint64_t rank = 0;
  absl::string_view name = absl::SimpleAtoi(fields.first, &rank) && !fields.second.empty()
                               ? fields.second.substr(0, fields.second.find(','))
                               : fields.first;
  if (!absl::ConsumePrefix(&name, "https://")) absl::ConsumePrefix(&name, "http://");
  return absl::StripAsciiWhitespace(name.substr(0, name.find('/')));
}

absl::Status AddPopularHosts(const std::string& path, uint64_t count, ProtectedSet* set) {
  absl::StatusOr<std::string> text = reputation::ReadListFile(path, kMaxPopularBytes);
  if (!text.ok()) return text.status();
  set->BeginSource("popular host ");
  uint64_t taken = 0;
  absl::Status read = ForEachLine(*text, path, [&](absl::string_view line) -> absl::StatusOr<bool> {
    const absl::StatusOr<std::string> name = reputation::CanonicalHostName(PopularName(line));
    if (!name.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          name.status().message(), "; write one host a line, or rank and host: 12,github.com"));
    }
    // The word over a column, and top-level names, which are public suffixes.
    if (!absl::StrContains(*name, '.')) return true;
    if (absl::Status s = set->AddHost(*name, /*and_below=*/false); !s.ok()) return s;
    return ++taken < count;
  });
  if (!read.ok() || taken > 0) return read;
  return absl::InvalidArgumentError(absl::StrCat(path, ": names no host"));
}

// What holds shared hosts, for listings of everything below it.
absl::Status AddParentsOfSharedHosts(ProtectedSet* parents) {
  parents->BeginSource("shared hosts below ");
  return reputation::ForEachSharedHost(
      [parents](absl::string_view, absl::string_view name) { return AddParents(name, parents); });
}

// Reads what one guard knows.
class Reading {
 public:
  explicit Reading(const GuardOptions& options) : options_(options) {}

  absl::StatusOr<GuardLists> Run() {
    for (const GuardAction action : {GuardAction::kRefuse, GuardAction::kHold}) {
      for (const Guard guard : kGuards) {
        if (ActionOf(options_, guard) != action) continue;
        if (absl::Status added = Add(guard); !added.ok()) return added;
      }
    }
    if (absl::Status allowed = AddAllowed(); !allowed.ok()) return allowed;
    for (GuardedSet* set :
         {&lists_.objects, &lists_.parents, &lists_.special_networks, &lists_.own_networks}) {
      set->Sort();
    }
    return std::move(lists_);
  }

 private:
  absl::Status Add(Guard guard) {
    switch (guard) {
      case Guard::kEmptyFile:
        return lists_.objects.AddFor(guard, [](ProtectedSet* set) {
          set->BeginSource("empty file");
          return reputation::AddEmptyFile(set);
        });
      case Guard::kPublicSuffix:
        return lists_.objects.AddFor(guard, [](ProtectedSet* set) {
          set->BeginSource("public suffix ");
          return In("public_suffix", AddPublicSuffixes(reputation::kPublicSuffixList, set),
                    ", or set public_suffix = \"off\"");
        });
      case Guard::kPrivateNetwork:
        return lists_.special_networks.AddFor(guard, [](ProtectedSet* set) {
          set->BeginSource("special-purpose network ");
          return reputation::AddSpecialNetworks(set);
        });
      case Guard::kWidePrefix:
        return absl::OkStatus();
      case Guard::kWarningList:
        if (absl::Status added = AddWarnings(); !added.ok()) return added;
        return AddParentsOfListed(guard);
      case Guard::kPopularHost:
        if (absl::Status added = AddPopular(); !added.ok()) return added;
        return AddParentsOfListed(guard);
      case Guard::kSharedHost:
        if (absl::Status s = lists_.objects.AddFor(guard, reputation::AddSharedHosts); !s.ok()) {
          return s;
        }
        return lists_.parents.AddFor(guard, AddParentsOfSharedHosts);
      case Guard::kOwnAsset:
        if (absl::Status added = AddOwnDomains(); !added.ok()) return added;
        return AddOwnNetworks();
    }
    return absl::OkStatus();
  }

  absl::Status AddWarnings() {
    return lists_.objects.AddFor(Guard::kWarningList, [this](ProtectedSet* set) {
      uint64_t passed_over = 0;
      return In("warning_lists", AddWarningLists(options_.warning_lists, set, &passed_over));
    });
  }

  // Who lists all below a name lists what lists of `guard` name there.
  absl::Status AddParentsOfListed(Guard guard) {
    return lists_.parents.AddFor(guard, [this, guard](ProtectedSet* parents) {
      const ProtectedSet& listed = lists_.objects.objects();
      std::optional<size_t> begun;
      for (const ProtectedSet::Name& name : listed.Names()) {
        if (lists_.objects.guard_of(name.source) != guard) continue;
        if (begun != name.source) {
          begun = name.source;
          const std::string& words = listed.words(name.source);
          parents->BeginSource(guard == Guard::kPopularHost ? "popular hosts below "
                                                            : absl::StrCat(words, "names below "));
        }
        if (absl::Status s = AddParents(name.text, parents); !s.ok()) return s;
      }
      return absl::OkStatus();
    });
  }

  absl::Status AddPopular() {
    for (const std::string& path : options_.popular_hosts) {
      absl::Status added = lists_.objects.AddFor(Guard::kPopularHost, [&](ProtectedSet* set) {
        return AddPopularHosts(path, options_.popular_hosts_count, set);
      });
      if (!added.ok()) return In("popular_hosts", added);
    }
    return absl::OkStatus();
  }

  absl::Status AddOwnDomains() {
    return lists_.parents.AddFor(Guard::kOwnAsset, [this](ProtectedSet* parents) {
      parents->BeginSource("own domains below ");
      for (const std::string& domain : options_.own_domains) {
        const absl::StatusOr<std::string> name = reputation::CanonicalHostName(domain);
        if (!name.ok()) return In("own_domains", name.status());
        lists_.own_domains.insert(*name);
        if (absl::Status s = AddParents(*name, parents); !s.ok()) return s;
      }
      return absl::OkStatus();
    });
  }

  absl::Status AddOwnNetworks() {
    return lists_.own_networks.AddFor(Guard::kOwnAsset, [this](ProtectedSet* set) {
      set->BeginSource("own network ");
      for (const std::string& network : options_.own_networks) {
        const absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(network);
        absl::Status added = prefix.ok() ? set->AddNetwork(*prefix) : prefix.status();
        if (!added.ok()) return In("own_networks", added);
      }
      return absl::OkStatus();
    });
  }

  absl::StatusOr<bool> Allow(absl::string_view line) {
    line = line.substr(0, std::min(line.find('\t'), line.find(" #")));
    const absl::StatusOr<reputation::LookupKey> key = KeyOfText(absl::StripAsciiWhitespace(line));
    if (!key.ok()) return key.status();
    lists_.allowed.emplace(key->bytes());
    return true;
  }

  absl::Status AddAllowed() {
    for (const std::string& object : options_.allow) {
      if (absl::Status s = Allow(object).status(); !s.ok()) return In("allow", s);
    }
    for (const std::string& path : options_.allow_files) {
      absl::StatusOr<std::string> text = reputation::ReadListFile(path, kMaxAllowBytes);
      if (!text.ok()) return In("allow_files", text.status());
      absl::Status read =
          ForEachLine(*text, path, [this](absl::string_view line) { return Allow(line); });
      if (!read.ok()) return In("allow_files", read, "; mend or remove the line");
    }
    return absl::OkStatus();
  }

  const GuardOptions& options_;
  GuardLists lists_;
};

}  // namespace

std::optional<GuardedSet::Found> GuardedSet::Find(const reputation::LookupKey& key,
                                                  reputation::Scope scope) const {
  auto found = objects_.Find(key, scope);
  if (!found.has_value()) return std::nullopt;
  return Found{guards_[found->source], std::move(found->words)};
}

GuardAction ActionOf(const GuardOptions& options, Guard guard) {
  switch (guard) {
    case Guard::kEmptyFile:
      return options.empty_file;
    case Guard::kPublicSuffix:
      return options.public_suffix;
    case Guard::kPrivateNetwork:
      return options.private_network;
    case Guard::kWidePrefix:
      return options.wide_prefix;
    case Guard::kWarningList:
      return options.warning_list;
    case Guard::kPopularHost:
      return options.popular_host;
    case Guard::kSharedHost:
      return options.shared_host;
    case Guard::kOwnAsset:
      return options.own_asset;
  }
  return GuardAction::kOff;
}

absl::StatusOr<GuardLists> ReadGuardLists(const GuardOptions& options) {
  return Reading(options).Run();
}

}  // namespace cloister::publisher
