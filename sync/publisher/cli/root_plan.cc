#include "sync/publisher/cli/root_plan.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/root_edit.h"

namespace cloister::publisher {
namespace {

const trust::Root* CurrentOf(const StagedRoot& staged) {
  return staged.current().has_value() ? &*staged.current() : nullptr;
}

std::string Keys(const trust::Root& root, const std::vector<std::string>& ids) {
  return absl::StrJoin(ids, ", ", [&root](std::string* text, const std::string& id) {
    absl::StrAppend(text, ShortKey(root, id));
  });
}

}  // namespace

bool IsFullySigned(const StagedRoot& staged) {
  return absl::c_all_of(staged.Signers(), [](const Signatures& s) { return s.enough(); });
}

void PrintPlan(const StagedRoot& staged, std::ostream& out) {
  out << "Root of feed \"" << staged.feed() << "\", version " << staged.next().version << "\n";
  for (const std::string& line : DifferencesOf(CurrentOf(staged), staged.next())) {
    out << "  " << line << "\n";
  }
  out << "fingerprint\n  " << staged.Fingerprint() << "\n";
  for (const Signatures& signatures : staged.Signers()) {
    const bool is_next = signatures.root_version == staged.next().version;
    const trust::Root& root = is_next ? staged.next() : *staged.current();
    out << "root " << signatures.root_version << " asks for " << signatures.threshold
        << (signatures.threshold == 1 ? " signature\n" : " signatures\n");
    if (!signatures.signed_by.empty()) {
      out << "  signed by " << Keys(root, signatures.signed_by) << "\n";
    }
    if (!signatures.enough()) out << "  missing   " << Keys(root, signatures.missing) << "\n";
  }
}

nlohmann::json PlanJson(const StagedRoot& staged) {
  nlohmann::json signatures = nlohmann::json::array();
  for (const Signatures& each : staged.Signers()) {
    signatures.push_back({{"root", each.root_version},
                          {"threshold", each.threshold},
                          {"signed_by", each.signed_by},
                          {"missing", each.missing}});
  }
  return {{"feed", staged.feed()},
          {"version", staged.next().version},
          {"expires", MetadataTime(staged.next().expires)},
          {"changes", DifferencesOf(CurrentOf(staged), staged.next())},
          {"fingerprint", staged.Fingerprint()},
          {"signatures", signatures},
          {"fully_signed", IsFullySigned(staged)}};
}

}  // namespace cloister::publisher
