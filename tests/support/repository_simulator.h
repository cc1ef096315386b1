// An upstream in memory: a good repository that a test breaks in one line (after python-tuf's
// tests/repository_simulator.py). Metadata are JSON, signed when fetched with whatever `signers`
// then hold; so a test changes a field, or a signer, and fetches.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"
#include "sync/trust/updater.h"
#include "tests/support/test_key.h"

namespace cloister::testing {

// How one role delegates to another.
struct TestDelegation {
  std::string role;
  std::vector<std::string> paths = {"*"};
  bool terminating = false;
  std::vector<std::string> path_hash_prefixes = {};  // in place of paths, where there are any
  uint32_t threshold = 1;
};

class RepositorySimulator : public trust::Fetcher {
 public:
  // All four roles at version 1, one key each, valid for 30 days from `now`, no targets.
  explicit RepositorySimulator(absl::Time now);

  // The signed parts.
  nlohmann::json root;
  nlohmann::json timestamp;
  nlohmann::json snapshot;
  nlohmann::json targets;
  std::map<trust::Role, std::vector<TestKey>> signers;
  // The same of delegated roles, by name.
  std::map<std::string, nlohmann::json> delegated;
  std::map<std::string, std::vector<TestKey>> delegated_signers;

  // Whether UpdateSnapshot and UpdateTimestamp state lengths and hashes.
  bool states_hashes = true;

  // Files that are served in place of the good ones, by name.
  std::map<std::string, std::string> replaced;
  std::set<std::string> missing;
  // Sends what it has whatever the bound it was given.
  bool ignores_bounds = false;
  // In order.
  std::vector<std::string> fetched;
  // targets/<name>
  std::map<std::string, std::string> target_files;

  nlohmann::json& Signed(trust::Role role);
  // The file as it would be fetched now, the newest root unless published included.
  std::string Bytes(trust::Role role);

  std::string DelegatedBytes(const std::string& role);

  // Makes version + 1 of a role and of all that name it.
  void UpdateTargets();
  void UpdateDelegated(const std::string& role);
  void UpdateSnapshot();
  void UpdateTimestamp();
  // Makes version + 1 of the root, signed by the present signers and by `also`.
  void UpdateRoot(const std::vector<TestKey>& also = {});

  // In the root and as signers; the caller then calls UpdateRoot.
  void SetKeys(trust::Role role, const std::vector<TestKey>& keys, uint32_t threshold);
  void RotateKey(trust::Role role) { SetKeys(role, {TestKey()}, 1); }
  // Rotates the root's keys as the specification has it: signed by the old ones and the new.
  void RotateRootKey();

  // Lists a target and serves its file; the caller then calls UpdateTargets.
  void AddTarget(const std::string& path, const std::string& content,
                 const nlohmann::json& custom = nullptr);
  // The same in the file of a delegated role.
  void AddTargetTo(const std::string& role, const std::string& path, const std::string& content);

  // Adds a delegation to "targets" or to a delegated role, with the delegated role's keys; a role
  // that is not there yet is made, with one key. The caller then calls UpdateTargets.
  void Delegate(const std::string& delegator, const TestDelegation& delegation);

  void SetExpires(trust::Role role, absl::Time time);

  // What a client brings by hand.
  trust::TrustedState InitialState() const;
  // The published root of `version`, 1 or more.
  std::string& PublishedRoot(uint64_t version) { return roots_.at(version - 1); }

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;

 private:
  std::string Find(absl::string_view name);
  nlohmann::json& TargetsPart(const std::string& role);
  void List(nlohmann::json& targets_part, const std::string& path, const std::string& content);

  std::vector<std::string> roots_;
};

// {"signatures": …, "signed": …}
std::string SignFile(const nlohmann::json& signed_part, const std::vector<TestKey>& keys);

}  // namespace cloister::testing
