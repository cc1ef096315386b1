// The signed state of one feed, verified, and what it lists: the one check that source and receiver
// of a bundle share.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"

namespace cloister::bundle {

struct AuthenticFeed {
  std::unique_ptr<trust::Updater> updater;
  std::string feed;
  std::vector<trust::PackTarget> listed;  // every pack of the signed list

  bool expired() const { return updater->expired(); }
  uint64_t version() const { return trust::NewestVersion(listed); }
  // The earliest expiry of the four signed files.
  absl::Time expires() const;
  // Name of a listed pack's file below targets/.
  std::string FileName(const trust::PackTarget& pack) const;
};

// Runs the workflow of The Update Framework from `state`, whose root is trusted. `feed` "": of
// whatever feed the repository is. Refusals carry a RejectReason.
absl::StatusOr<AuthenticFeed> VerifyFeed(trust::Fetcher& fetcher, const trust::TrustedState& state,
                                         absl::string_view feed,
                                         const trust::RefreshOptions& options);

}  // namespace cloister::bundle
