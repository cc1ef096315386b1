#include "sync/publisher/signing/signed_file.h"

#include "absl/strings/escaping.h"
#include "sync/trust/canonical_json.h"

namespace cloister::publisher {

absl::StatusOr<std::string> SignedFileBytes(const nlohmann::json& signed_part,
                                            const std::vector<SigningKey>& keys) {
  absl::StatusOr<std::string> canonical = trust::CanonicalJson(signed_part);
  if (!canonical.ok()) return canonical.status();
  nlohmann::json signatures = nlohmann::json::array();
  for (const SigningKey& key : keys) {
    absl::StatusOr<std::string> signature = key.Sign(*canonical);
    if (!signature.ok()) return signature.status();
    signatures.push_back({{"keyid", key.key_id()}, {"sig", absl::BytesToHexString(*signature)}});
  }
  nlohmann::json file = {{"signatures", signatures}, {"signed", signed_part}};
  return file.dump(1) + "\n";
}

}  // namespace cloister::publisher
