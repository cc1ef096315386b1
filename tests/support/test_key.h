// A key that signs metadata.

#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sync/trust/metadata.h"

namespace cloister::testing {

enum class KeyKind { kEd25519, kEcdsaP256, kRsaPss };

// Copies are the same key.
class TestKey {
 public:
  explicit TestKey(KeyKind kind = KeyKind::kEd25519);  // a new one

  trust::PublicKey public_key() const;
  std::string id() const { return trust::KeyId(public_key()); }
  // The same signature each time for the same message, whatever the algorithm.
  std::string SignHex(absl::string_view message) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloister::testing
