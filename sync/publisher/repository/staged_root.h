// A root that waits for signatures, in a file that travels between the holders of root keys. It
// brings the root in force along, so that each holder sees what changes without the repository.
//
//   {"cloister_root_change": 1, "feed": "threats",
//    "current": the root in force as clients have it, or null before the first,
//    "next": {"signatures": […], "signed": {…}}}

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// What one of the two roots asks for (The Update Framework 1.0, 5.3.4), and what is there.
struct Signatures {
  uint64_t root_version = 0;  // whose keys and threshold
  uint32_t threshold = 0;
  std::vector<std::string> signed_by;  // key ids
  std::vector<std::string> missing;    // key ids that could still sign

  bool enough() const { return signed_by.size() >= threshold; }
};

// A value. Whatever exists is sound: the current root is signed by its own threshold, the next one
// is one version higher and can be satisfied, every key goes by its own id, and every signature
// verifies. Nothing in it steers a terminal.
class StagedRoot {
 public:
  // `current` is the file of the root in force; "" before the first one. FailedPrecondition where
  // versions leave a gap, or `next` cannot be satisfied.
  static absl::StatusOr<StagedRoot> Make(const std::string& feed, const std::string& current,
                                         const trust::Root& next);

  // Reads a file. Besides what Make says: InvalidArgument if it is not such a file, DataLoss if it
  // was altered since somebody signed it, or a key hides under the id of another.
  static absl::StatusOr<StagedRoot> Parse(absl::string_view bytes);
  std::string ToText() const;

  const std::string& feed() const { return feed_; }
  const std::optional<trust::Root>& current() const { return current_; }
  const std::string& current_bytes() const { return current_bytes_; }
  const trust::Root& next() const { return next_; }

  // What is signed, in canonical form.
  const std::string& SignedBytes() const { return next_file_.canonical; }
  // SHA-256 of it, in groups of four digits: what holders read to each other.
  std::string Fingerprint() const;

  // AlreadyExists if the key signed already; PermissionDenied if neither root names it.
  absl::Status Sign(const SigningKey& key);

  // For the current root, if there is one, and the next.
  std::vector<Signatures> Signers() const;

  // The next root's file as clients get it, once they would follow to it: judged by the code that
  // they run. FailedPrecondition, naming who has to sign, before.
  absl::StatusOr<std::string> Complete() const;

 private:
  StagedRoot() = default;
  absl::Status CheckSignatures() const;
  const trust::PublicKey* FindKey(const std::string& key_id) const;
  std::string NextBytes() const;

  std::string feed_;
  std::string current_bytes_;
  std::optional<trust::Root> current_;
  trust::Root next_;
  trust::SignedFile next_file_;
};

}  // namespace cloister::publisher
