#include "sync/worker/snapshot_proof.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/files/files.h"

namespace cloister::worker {
namespace {

std::string TextOf(const std::vector<trust::PackTarget>& packs) {
  std::set<std::string> lines;
  for (const trust::PackTarget& pack : packs) {
    if (pack.is_delta() || pack.parts == 1) continue;
    lines.insert(absl::StrCat(pack.content_digest, " ", pack.sha256, "\n"));
  }
  return absl::StrJoin(lines, "");
}

}  // namespace

bool SnapshotProof::Holds(const std::vector<trust::PackTarget>& packs) const {
  const std::string text = TextOf(packs);
  if (text.empty()) return true;
  const auto known = storage::ReadFile(path_, text.size());
  return known.ok() && *known == text;
}

absl::Status SnapshotProof::Remember(const std::vector<trust::PackTarget>& packs) const {
  return storage::WriteFileAtomically(path_, TextOf(packs), 0600);
}

}  // namespace cloister::worker
