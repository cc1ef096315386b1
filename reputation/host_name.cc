#include "reputation/host_name.h"

#include <libpsl.h>
#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/host_form.h"

namespace cloister::reputation {
namespace {

using internal::HostCharacters;

constexpr size_t kMaxName = 253;
constexpr size_t kMaxLabel = 63;
// Longer text is not mapped at all: it bounds what ICU sees.
constexpr size_t kMaxUnicodeName = 4 * 1024;

absl::Status BadName(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(name.substr(0, 80)), "\" is not a host name: ", what));
}

bool MayStand(unsigned char c, HostCharacters characters) {
  if (absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.') return true;
  if (characters == HostCharacters::kHostName) return false;
  return c > 0x20 && c < 0x7f &&
         absl::string_view("#%/:<>?@[\\]^|").find(static_cast<char>(c)) == absl::string_view::npos;
}

// The full stops of other scripts, which UTS #46 maps to '.': U+3002, U+FF0E, U+FF61.
constexpr std::array<absl::string_view, 3> kFullStops = {"\xe3\x80\x82", "\xef\xbc\x8e",
                                                         "\xef\xbd\xa1"};

// `name` with every full stop as '.' and without empty labels.
std::string WithoutEmptyLabels(absl::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    bool stop = false;
    size_t size = 1;
    if (name.front() == '.') {
      stop = true;
    } else if (static_cast<unsigned char>(name.front()) >= 0x80) {
      for (absl::string_view full_stop : kFullStops) {
        if (name.substr(0, full_stop.size()) != full_stop) continue;
        stop = true;
        size = full_stop.size();
      }
    }
    if (!stop) {
      out.push_back(name.front());
    } else if (!out.empty() && out.back() != '.') {
      out.push_back('.');
    }
    name.remove_prefix(size);
  }
  if (!out.empty() && out.back() == '.') out.pop_back();
  return out;
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// UTS #46 as URLs use it (WHATWG URL, "domain to ASCII"): with the rules for joiners and for the
// direction of text, not for hyphens. Null if ICU has no data.
const UIDNA* Uts46() {
  static const UIDNA* const kUts46 = [] {
    UErrorCode error = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII,
                           &error);
  }();
  return kUts46;
}

// What CheckLabels judges, or what URLs allow.
constexpr uint32_t kAllowedErrors = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                    UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                    UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

absl::string_view IdnaError(uint32_t errors) {
  if (errors & UIDNA_ERROR_LEADING_COMBINING_MARK) return "a label begins with a combining mark";
  if (errors & UIDNA_ERROR_BIDI) return "text of both directions is mixed in a label";
  if (errors & UIDNA_ERROR_CONTEXTJ) return "a joiner stands where none may";
  if (errors & UIDNA_ERROR_DISALLOWED) return "a character that no name may have";
  return "a label that begins with xn-- is none of international names";
}

// A-labels of a name that has other than ASCII characters.
absl::StatusOr<std::string> ToAscii(absl::string_view shown, const std::string& name) {
  if (name.size() > kMaxUnicodeName) return BadName(shown, "longer than 253 characters");
  std::array<char, kMaxUnicodeName> ascii;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = Uts46() == nullptr ? U_FILE_ACCESS_ERROR : U_ZERO_ERROR;
  int32_t size =
      uidna_nameToASCII_UTF8(Uts46(), name.data(), static_cast<int32_t>(name.size()), ascii.data(),
                             static_cast<int32_t>(ascii.size()), &info, &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) return BadName(shown, "longer than 253 characters");
  if (U_FAILURE(error)) return BadName(shown, u_errorName(error));
  if (uint32_t errors = info.errors & ~kAllowedErrors; errors != 0) {
    return BadName(shown, IdnaError(errors));
  }
  return WithoutEmptyLabels({ascii.data(), static_cast<size_t>(size)});
}

absl::Status CheckLabels(absl::string_view shown, absl::string_view name,
                         HostCharacters characters) {
  if (name.empty()) return BadName(shown, "nothing is left of it");
  if (name.size() > kMaxName) return BadName(shown, "longer than 253 characters");
  size_t label = 0;
  for (char c : name) {
    label = c == '.' ? 0 : label + 1;
    if (label > kMaxLabel) return BadName(shown, "a label is longer than 63 characters");
    if (MayStand(static_cast<unsigned char>(c), characters)) continue;
    return BadName(shown, absl::StrCat("'", absl::CHexEscape(absl::string_view(&c, 1)),
                                       "' cannot stand in it"));
  }
  return absl::OkStatus();
}

const psl_ctx_t* SuffixList() {
  static const psl_ctx_t* const kList = [] {
    const psl_ctx_t* latest = psl_latest(nullptr);
    return latest != nullptr ? latest : psl_builtin();
  }();
  return kList;
}

// libpsl takes C strings.
class CString {
 public:
  explicit CString(absl::string_view name) {
    size_t size = std::min(name.size(), kMaxName);
    std::copy_n(name.begin(), size, text_.begin());
    text_[size] = '\0';
  }
  const char* get() const { return text_.data(); }

 private:
  std::array<char, kMaxName + 1> text_;
};

}  // namespace

namespace internal {

absl::StatusOr<std::string> CanonicalLabels(absl::string_view name, HostCharacters characters) {
  if (name.find('\0') != absl::string_view::npos) return BadName(name, "it holds a NUL");
  std::string labels = WithoutEmptyLabels(name);
  if (!IsAscii(labels)) {
    absl::StatusOr<std::string> ascii = ToAscii(name, labels);
    if (!ascii.ok()) return ascii.status();
    labels = *std::move(ascii);
  }
  absl::AsciiStrToLower(&labels);
  absl::Status checked = CheckLabels(name, labels, characters);
  if (!checked.ok()) return checked;
  return labels;
}

}  // namespace internal

absl::StatusOr<std::string> CanonicalHostName(absl::string_view name) {
  absl::StatusOr<std::string> labels = internal::CanonicalLabels(name, HostCharacters::kHostName);
  if (labels.ok() && internal::EndsInNumber(*labels)) {
    return BadName(name, "its last label is a number, as in an IP address");
  }
  return labels;
}

bool IsPublicSuffix(absl::string_view name) {
  // Without the default rule "*", so that a name of a private network is no public suffix.
  return !name.empty() && name.size() <= kMaxName &&
         psl_is_public_suffix2(SuffixList(), CString(name).get(),
                               PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

std::vector<absl::string_view> HostSuffixes(absl::string_view name) {
  std::vector<absl::string_view> suffixes;
  if (name.empty() || name.size() > kMaxName) return suffixes;
  CString text(name);
  const char* registrable = psl_registrable_domain(SuffixList(), text.get());
  if (registrable == nullptr) {
    if (!IsPublicSuffix(name)) suffixes.push_back(name);
    return suffixes;
  }
  size_t last = static_cast<size_t>(registrable - text.get());
  for (size_t start = 0; start <= last; start = name.find('.', start) + 1) {
    suffixes.push_back(name.substr(start));
    if (start == last) break;
  }
  return suffixes;
}

}  // namespace cloister::reputation
