// Canonical URLs are canonical, and their expressions and keys keep their bounds.

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reputation/object.h"
#include "reputation/url.h"
#include "tests/fuzz/require.h"

namespace cloister::fuzz {
namespace {

using reputation::CanonicalUrl;
using reputation::UrlExpression;

bool IsPrintable(absl::string_view text) {
  for (unsigned char c : text) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

void CheckExpressions(const CanonicalUrl& url) {
  std::vector<UrlExpression> expressions = reputation::UrlExpressions(url);
  Require(!expressions.empty() && expressions.size() <= (url.port == 0 ? 30 : 60),
          "at most 30 expressions, or 60 with a port");
  Require(expressions.front().exact, "the first expression is exact");
  bool exact = true;
  for (const UrlExpression& expression : expressions) {
    Require(exact || !expression.exact, "exact expressions lead");
    exact = expression.exact;
    Require(IsPrintable(expression.text), "expressions are printable ASCII");
  }
}

void CheckKeys(absl::string_view text) {
  reputation::LookupKeys keys = reputation::Object::Url(text)->Keys(true);
  Require(keys.keys.size() <= reputation::LookupKeys::kMaxKeys, "no more keys than the limit");
  Require(keys.keys.size() == keys.expressions.size(), "an expression for each key");
  Require(keys.exact_count >= 1 && keys.exact_count <= 4, "one to four exact keys");
}

void CheckUrl(absl::string_view text) {
  absl::StatusOr<CanonicalUrl> url = reputation::CanonicalizeUrl(text);
  if (!url.ok()) return;
  Require(IsPrintable(url->ToString()), "canonical text is printable ASCII");
  Require(!url->path.empty() && url->path.front() == '/', "the path starts with '/'");
  // With a scheme, since a host may have the name of one ("http:8080/").
  absl::StatusOr<CanonicalUrl> again =
      reputation::CanonicalizeUrl(absl::StrCat("http://", url->ToString()));
  Require(again.ok() && *again == *url, "canonical(canonical(x)) == canonical(x)");
  // Another writing of the same URL: the canonical text with userinfo and a fragment.
  const absl::StatusOr<CanonicalUrl> other =
      reputation::CanonicalizeUrl(absl::StrCat("HTTP://a:b@", url->ToString(), "#", "fragment/?"));
  Require(other.ok() && *other == *url, "userinfo and fragment identify nothing");
  CheckExpressions(*url);
  CheckKeys(text);
}

}  // namespace
}  // namespace cloister::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cloister::fuzz::CheckUrl({reinterpret_cast<const char*>(data), size});
  return 0;
}
