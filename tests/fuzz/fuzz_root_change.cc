// A staged root (sync/publisher/repository/staged_root.h) that anybody may have put on the medium
// which travels between the holders of root keys. What is accepted is sound, and what is shown of
// it steers no terminal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "absl/strings/string_view.h"
#include "sync/publisher/cli/root_plan.h"
#include "sync/publisher/repository/staged_root.h"
#include "sync/trust/metadata.h"
#include "sync/trust/trusted_metadata.h"
#include "tests/fuzz/require.h"

namespace {

using cloister::fuzz::Require;
using cloister::publisher::Signatures;
using cloister::publisher::StagedRoot;

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n') || byte == 0x7f;
}

void CheckShown(const StagedRoot& staged) {
  std::ostringstream plan;
  cloister::publisher::PrintPlan(staged, plan);
  const std::string text = plan.str();
  Require(std::none_of(text.begin(), text.end(), IsControl), "a plan steers no terminal");
  (void)cloister::publisher::PlanJson(staged).dump();
  Require(staged.Fingerprint().size() == 16 * 5 - 1, "a fingerprint is sixteen groups");
}

void CheckReadAgain(const StagedRoot& staged) {
  const auto again = StagedRoot::Parse(staged.ToText());
  Require(again.ok(), "what was written can be read");
  Require(again->ToText() == staged.ToText(), "writing it again changes nothing");
  Require(again->SignedBytes() == staged.SignedBytes(), "what is signed stays the same");
}

void CheckComplete(const StagedRoot& staged) {
  bool enough = true;
  for (const Signatures& signatures : staged.Signers()) {
    Require(signatures.threshold > 0, "a root asks for a signature");
    enough = enough && signatures.enough();
  }
  Require(enough == cloister::publisher::IsFullySigned(staged), "the plan counts as the root does");
  const auto bytes = staged.Complete();
  Require(enough || !bytes.ok(), "no root is complete below its thresholds");
  if (!bytes.ok()) return;
  cloister::trust::TrustedState state;
  state.root = staged.current().has_value() ? staged.current_bytes() : *bytes;
  auto client = cloister::trust::TrustedMetadata::Create(state, cloister::trust::Limits());
  Require(client.ok(), "clients accept the root in force");
  if (staged.current().has_value()) {
    Require(client->UpdateRoot(*bytes).ok(), "clients follow to what is complete");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto staged =
      StagedRoot::Parse(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!staged.ok()) return 0;
  Require(staged->next().version == (staged->current() ? staged->current()->version + 1 : 1),
          "versions follow each other");
  CheckShown(*staged);
  CheckReadAgain(*staged);
  CheckComplete(*staged);
  return 0;
}
