#include "sync/publisher/guards/import_guard.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"
#include "reputation/url.h"
#include "reputation/verdict.h"
#include "sync/publisher/guards/guard_lists.h"
#include "sync/publisher/guards/named_object.h"

namespace cloister::publisher {
namespace {

using reputation::LookupForm;
using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Scope;

class ListGuard : public ImportGuard {
 public:
  ListGuard(const GuardOptions& options, GuardLists lists)
      : options_(options), lists_(std::move(lists)) {}

  std::optional<GuardFinding> Check(const feeds::FeedEntry& entry) const override {
    const reputation::Record& record = entry.record;
    if (record.removed || record.excluded || !reputation::ProtectedObjects::Masks(record.verdict)) {
      return std::nullopt;
    }
    Gravest gravest{options_};
    switch (entry.key.kind()) {
      case ObjectKind::kFile:
        gravest.Take(lists_.objects.Find(entry.key, record.scope));
        break;
      case ObjectKind::kIp:
        CheckNetwork(entry.key, &gravest);
        break;
      case ObjectKind::kHost: {
        std::string storage;
        const bool named = !lists_.own_domains.empty();
        CheckHost(entry.key, named ? HostOf(entry, &storage) : "", record.scope, &gravest);
        break;
      }
      case ObjectKind::kUrl:
        if (record.scope == Scope::kSubtree) return CheckSite(entry);
        break;
      case ObjectKind::kSoftware:
        break;
    }
    return Unless(IsAllowed(entry.key), std::move(gravest));
  }

 private:
  // Of what several guards find, what is refused.
  struct Gravest {
    const GuardOptions& options;
    std::optional<GuardFinding> finding = std::nullopt;

    void Take(std::optional<GuardedSet::Found> found) {
      if (!found.has_value()) return;
      const GuardAction action = ActionOf(options, found->guard);
      if (finding.has_value() && action != GuardAction::kRefuse) return;
      if (finding.has_value() && finding->action == GuardAction::kRefuse) return;
      finding = GuardFinding{found->guard, action, std::move(found->why)};
    }
  };

  static std::optional<GuardFinding> Unless(bool allowed, Gravest gravest) {
    const bool held = gravest.finding.has_value() && gravest.finding->action == GuardAction::kHold;
    if (held && allowed) return std::nullopt;
    return std::move(gravest.finding);
  }

  bool IsAllowed(const LookupKey& key) const { return lists_.allowed.contains(key.bytes()); }

  void CheckNetwork(const LookupKey& key, Gravest* gravest) const {
    gravest->Take(lists_.special_networks.Find(key, Scope::kExact));
    gravest->Take(lists_.own_networks.Find(key, Scope::kExact));
    const bool v4 = key.form() == LookupForm::kIpv4Prefix;
    const int length = static_cast<unsigned char>(key.body().back());
    const int widest = v4 ? options_.min_ipv4_prefix : options_.min_ipv6_prefix;
    if (length < widest && options_.wide_prefix != GuardAction::kOff) {
      gravest->Take(GuardedSet::Found{Guard::kWidePrefix,
                                      absl::StrCat("a /", length, " is wider than /", widest)});
    }
    gravest->Take(lists_.objects.Find(key, Scope::kExact));
  }

  // `name` may be empty: not known, or not needed.
  void CheckHost(const LookupKey& key, absl::string_view name, Scope scope,
                 Gravest* gravest) const {
    gravest->Take(lists_.objects.Find(key, scope));
    if (scope != Scope::kExact) gravest->Take(lists_.parents.Find(key, scope));
    for (absl::string_view parent = name; !parent.empty();) {
      if (lists_.own_domains.contains(parent)) {
        gravest->Take(GuardedSet::Found{Guard::kOwnAsset, absl::StrCat("own domain ", parent)});
      }
      const size_t dot = parent.find('.');
      parent = dot == absl::string_view::npos ? "" : parent.substr(dot + 1);
    }
  }

  // A URL and everything below it, which is the host if it is the root page.
  std::optional<GuardFinding> CheckSite(const feeds::FeedEntry& entry) const {
    Gravest gravest{options_};
    const auto url = reputation::CanonicalizeUrl(entry.listed);
    if (!url.ok()) {
      gravest.Take(lists_.objects.Find(entry.key, Scope::kSubtree));
      return Unless(IsAllowed(entry.key), std::move(gravest));
    }
    if (url->path != "/" || url->query.has_value()) return std::nullopt;
    const LookupKey host =
        url->ip.has_value()
            ? LookupKey::ForIpPrefix(*reputation::IpPrefix::Make(*url->ip, url->ip->bits()))
            : LookupKey::ForHost(url->host);
    if (url->ip.has_value()) {
      CheckNetwork(host, &gravest);
    } else {
      // Its expression stands for what is on the hosts below, too.
      CheckHost(host, url->host, Scope::kSubtree, &gravest);
    }
    return Unless(IsAllowed(entry.key) || IsAllowed(host), std::move(gravest));
  }

  const GuardOptions options_;
  const GuardLists lists_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ImportGuard>> BuildImportGuard(const GuardOptions& options) {
  absl::StatusOr<GuardLists> lists = ReadGuardLists(options);
  if (!lists.ok()) return lists.status();
  return std::make_unique<ListGuard>(options, *std::move(lists));
}

}  // namespace cloister::publisher
