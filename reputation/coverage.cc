#include "reputation/coverage.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace cloister::reputation {
namespace {

// A word covers one form or two: a URL listing may name its port or not.
struct Word {
  absl::string_view name;
  LookupForm form;
};

// The position of a word is its bit.
constexpr Word kWords[] = {
    {"file/sha256", LookupForm::kFileSha256},
    {"file/sha1", LookupForm::kFileSha1},
    {"file/md5", LookupForm::kFileMd5},
    {"url", LookupForm::kUrlExpression},
    {"host", LookupForm::kHostName},
    {"ip/v4", LookupForm::kIpv4Prefix},
    {"ip/v6", LookupForm::kIpv6Prefix},
    {"software/purl", LookupForm::kSoftwarePurl},
    {"software/signer", LookupForm::kSoftwareSigner},
};

uint16_t BitOf(LookupForm form) {
  if (form == LookupForm::kUrlExpressionWithPort) form = LookupForm::kUrlExpression;
  uint16_t bit = 1;
  for (const Word& word : kWords) {
    if (word.form == form) return bit;
    bit = static_cast<uint16_t>(bit << 1);
  }
  return 0;
}

std::optional<LookupForm> FormNamed(absl::string_view name) {
  for (const Word& word : kWords) {
    if (word.name == name) return word.form;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Coverage> Coverage::FromNames(const std::vector<std::string>& names) {
  Coverage coverage;
  for (const std::string& name : names) {
    std::optional<LookupForm> form = FormNamed(name);
    if (!form.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", absl::CHexEscape(name.substr(0, 40)),
                       "\" is no coverage; known are file/sha256, file/sha1, file/md5, url, host, "
                       "ip/v4, ip/v6, software/purl and software/signer"));
    }
    coverage.Add(*form);
  }
  return coverage;
}

void Coverage::Add(LookupForm form) { bits_ |= BitOf(form); }

bool Coverage::Covers(LookupForm form) const { return (bits_ & BitOf(form)) != 0; }

std::vector<std::string> Coverage::Names() const {
  std::vector<std::string> names;
  for (const Word& word : kWords) {
    if (Covers(word.form)) names.emplace_back(word.name);
  }
  return names;
}

}  // namespace cloister::reputation
