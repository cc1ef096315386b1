#include "sync/trust/target_search.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/delegation.h"
#include "sync/trust/metadata_file.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// A role that may speak for the path, and who says so.
struct Step {
  std::shared_ptr<const Targets> delegator;
  const DelegatedRole* role;  // of the delegator
  uint32_t depth;             // delegations in a row
};

class Search {
 public:
  Search(TrustedMetadata& trusted, Fetcher& fetcher, const RefreshOptions& options,
         const Limits& limits)
      : trusted_(trusted), fetcher_(fetcher), options_(options), limits_(limits) {}

  absl::StatusOr<TargetFile> Find(const std::string& path) {
    std::shared_ptr<const Targets> targets = std::make_shared<Targets>(*trusted_.targets());
    for (uint32_t depth = 0;;) {
      auto found = targets->targets.find(path);
      if (found != targets->targets.end()) return found->second;
      if (absl::Status s = AddDelegations(targets, path, depth); !s.ok()) return s;
      std::optional<Step> next = NextStep();
      if (!next) return absl::NotFoundError("no role that may speak for it lists the target");
      if (visited_.size() > limits_.max_roles_visited) {
        return absl::ResourceExhaustedError(absl::StrCat("the search for a target went through ",
                                                         limits_.max_roles_visited, " roles"));
      }
      absl::StatusOr<Targets> loaded = Load(*next);
      if (!loaded.ok()) return loaded.status();
      targets = std::make_shared<Targets>(*std::move(loaded));
      depth = next->depth;
    }
  }

 private:
  // 5.6.7.2: the roles that `targets` delegates the path to, in order, before all that wait
  // already (depth first). A terminating one is the last to be asked: what would come after it,
  // here and further up, is dropped.
  absl::Status AddDelegations(const std::shared_ptr<const Targets>& targets,
                              const std::string& path, uint32_t depth) {
    std::vector<Step> steps;
    for (const DelegatedRole& role : targets->delegations.roles) {
      if (!IsDelegated(role, path)) continue;
      steps.push_back({targets, &role, depth + 1});
      if (!role.terminating) continue;
      waiting_.clear();
      break;
    }
    if (!steps.empty() && depth >= limits_.max_delegation_depth) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the search for a target went through ", depth, " delegations in a row"));
    }
    waiting_.insert(waiting_.end(), steps.rbegin(), steps.rend());
    return absl::OkStatus();
  }

  // 5.6.7.1: a role is asked once, so a cycle ends.
  std::optional<Step> NextStep() {
    while (!waiting_.empty()) {
      Step step = std::move(waiting_.back());
      waiting_.pop_back();
      if (visited_.insert(step.role->name).second) return step;
    }
    return std::nullopt;
  }

  absl::StatusOr<Targets> Load(const Step& step) {
    const DelegatedRole& role = *step.role;
    const Delegations& delegator = step.delegator->delegations;
    const FileMeta* meta = trusted_.delegated_meta(role.name);
    if (meta == nullptr) {
      return Rejected(RejectReason::kMetadataMissing,
                      absl::StrCat("delegated \"", absl::CHexEscape(role.name),
                                   "\" metadata: the snapshot does not list it"));
    }
    absl::StatusOr<std::optional<Targets>> kept = trusted_.KeptDelegated(delegator, role, options_);
    if (!kept.ok()) return kept.status();
    if (*kept) return **std::move(kept);
    absl::StatusOr<std::string> bytes =
        FetchListed(fetcher_, role.name, *meta, trusted_.root().consistent_snapshot,
                    limits_.max_targets_bytes);  // 5.6.1
    if (!bytes.ok()) return bytes.status();
    return trusted_.UpdateDelegated(delegator, role, *bytes, options_);
  }

  TrustedMetadata& trusted_;
  Fetcher& fetcher_;
  const RefreshOptions& options_;
  const Limits& limits_;
  std::vector<Step> waiting_;  // the next one last
  std::set<std::string> visited_;
};

}  // namespace

absl::StatusOr<TargetFile> SearchTarget(TrustedMetadata& trusted, Fetcher& fetcher,
                                        absl::string_view path, const RefreshOptions& options,
                                        const Limits& limits) {
  return Search(trusted, fetcher, options, limits).Find(std::string(path));
}

}  // namespace cloister::trust
