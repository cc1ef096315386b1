#include "reputation/label.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reputation/utf8.h"

namespace cloister::reputation {
namespace {

absl::Status CheckText(absl::string_view name, absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the label has a ", name, " of ", text.size(),
                                                   " bytes; at most ", max_bytes, " are allowed"));
  }
  if (IsUtf8(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the label has a ", name, " that is not UTF-8"));
}

}  // namespace

bool Label::empty() const { return *this == Label{}; }

absl::Status CheckLabel(const Label& label, size_t max_text_bytes) {
  const std::pair<absl::string_view, const std::string*> texts[] = {
      {"threat name", &label.threat_name},
      {"product", &label.product},
      {"vendor", &label.vendor},
      {"version", &label.version},
  };
  for (const auto& [name, text] : texts) {
    if (absl::Status s = CheckText(name, *text, max_text_bytes); !s.ok()) return s;
  }
  int previous = 0;
  for (const Category category : label.categories) {
    const int number = static_cast<int>(category);
    if (number <= previous) {
      return absl::InvalidArgumentError("the label has categories that do not rise");
    }
    previous = number;
  }
  return absl::OkStatus();
}

}  // namespace cloister::reputation
