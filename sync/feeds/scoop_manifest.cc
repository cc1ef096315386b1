#include "sync/feeds/scoop_manifest.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using reputation::Verdict;

constexpr size_t kMaxFiles = 10'000;

// "…/bucket/7zip.json" is 7zip.
std::string ProductOf(absl::string_view path) {
  absl::ConsumeSuffix(&path, ".json");
  return FitLabel(path.substr(path.rfind('/') + 1));
}

reputation::Label LabelOf(const json& manifest, absl::string_view path) {
  reputation::Label label;
  label.product = ProductOf(path);
  label.version = FitLabel(JsonText(manifest, "version"));
  absl::string_view home = JsonText(manifest, "homepage");
  if (!absl::ConsumePrefix(&home, "https://")) absl::ConsumePrefix(&home, "http://");
  absl::ConsumeSuffix(&home, "/");
  label.vendor = FitLabel(home);
  return label;
}

// The texts of a member that is a text or a list of them; "" for what is no text.
std::vector<absl::string_view> Texts(const json& object, const char* name) {
  const json* member = JsonMember(object, name);
  if (member == nullptr || member->is_null()) return {};
  if (!member->is_array()) return {JsonText(object, name)};
  std::vector<absl::string_view> texts;
  for (const json& one : *member) {
    if (texts.size() == kMaxFiles) break;
    texts.push_back(one.is_string() ? one.get_ref<const std::string&>() : absl::string_view());
  }
  return texts;
}

std::variant<Listing, Fault> ListingOfHash(absl::string_view hash, Listing listing) {
  absl::string_view digits = absl::StripAsciiWhitespace(hash);
  std::string algorithm = "sha256";
  if (const size_t colon = digits.find(':'); colon != absl::string_view::npos) {
    algorithm = absl::AsciiStrToLower(digits.substr(0, colon));
    digits.remove_prefix(colon + 1);
  }
  if (algorithm == "sha512") return Fault{RowFault::kUnsupported, "a SHA-512 digest"};
  const size_t wanted = algorithm == "sha256" ? 64
                        : algorithm == "sha1" ? 40
                        : algorithm == "md5"  ? 32
                                              : 0;
  if (wanted == 0) {
    return Fault{RowFault::kUnsupported, absl::StrCat("a digest called ", FitLabel(algorithm))};
  }
  if (digits.size() != wanted) {
    return Fault{RowFault::kBadValue,
                 absl::StrCat("a ", algorithm, " of ", digits.size(), " characters")};
  }
  listing.value = std::string(digits);
  if (algorithm != "sha256") listing.record.verdict = Verdict::kKnown;
  return listing;
}

class ScoopManifest : public FeedReader {
 public:
  explicit ScoopManifest(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    FeedOutput output(sink, report);
    files_ = 0;
    const auto take = [](const JsonPlace&) { return JsonChoice::kTake; };
    const auto visit = [&](const JsonPlace& place, const json& manifest) {
      if (place.oversized) return absl::InvalidArgumentError("larger than any manifest of Scoop");
      return TakeManifest(manifest, source.path(), output);
    };
    absl::Status walked = WalkJson(**bytes, take, visit);
    report->SetLines(files_);
    return walked;
  }

 private:
  absl::Status TakeManifest(const json& manifest, const std::string& path, FeedOutput& output) {
    const json* variants = JsonMember(manifest, "architecture");
    const bool here = JsonMember(manifest, "url") != nullptr;
    if (JsonText(manifest, "version").empty() || (!here && variants == nullptr)) {
      return absl::InvalidArgumentError(
          "not a manifest of Scoop, which is a JSON object with \"version\" and \"url\" or "
          "\"architecture\"");
    }
    Listing base = ThreatDefaults(options_, Verdict::kKnown);
    base.label = LabelOf(manifest, path);
    if (here) {
      absl::Status taken = TakeFiles(manifest, base, output);
      if (!taken.ok()) return taken;
    }
    if (variants == nullptr || !variants->is_object()) return absl::OkStatus();
    for (const auto& [name, variant] : variants->items()) {
      // A variant may say no more than how the common file is installed.
      if (JsonMember(variant, "url") == nullptr) continue;
      absl::Status taken = TakeFiles(variant, base, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  absl::Status TakeFiles(const json& variant, const Listing& base, FeedOutput& output) {
    const std::vector<absl::string_view> urls = Texts(variant, "url");
    const std::vector<absl::string_view> hashes = Texts(variant, "hash");
    if (hashes.size() > urls.size()) {
      ++files_;
      output.Reject({RowFault::kMalformed, absl::StrCat(hashes.size(), " digests of ", urls.size(),
                                                        " files: which is whose?")},
                    {0, urls.empty() ? "" : urls.front()});
      return absl::OkStatus();
    }
    for (size_t i = 0; i < urls.size(); ++i) {
      ++files_;
      const RowPlace place{0, urls[i]};
      if (i >= hashes.size() || hashes[i].empty()) {
        output.Reject({RowFault::kMissingField, "the file has no digest"}, place);
        continue;
      }
      const std::variant<Listing, Fault> made = ListingOfHash(hashes[i], base);
      if (const Fault* fault = std::get_if<Fault>(&made)) {
        output.Reject(*fault, place);
        continue;
      }
      absl::Status taken = output.Take(std::get<Listing>(made), place);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  FeedOptions options_;
  uint64_t files_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewScoopManifest(const FeedOptions& options) {
  const Verdict verdict = options.verdict.value_or(Verdict::kKnown);
  if (verdict != Verdict::kKnown && verdict != Verdict::kTrusted) {
    return absl::InvalidArgumentError(
        "a package collection can say known or trusted, nothing else");
  }
  return std::make_unique<ScoopManifest>(options);
}

}  // namespace cloister::feeds
