#include "sync/feeds/text_formats.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reputation/ip_address.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::ObjectKind;
using reputation::Verdict;
using MaybeReader = absl::StatusOr<std::unique_ptr<FeedReader>>;

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

Listing Base(const FeedOptions& options, std::vector<Category> categories = {}) {
  return ThreatDefaults(options, Verdict::kMalicious, std::move(categories));
}

Fault MoreThanOne(absl::string_view what) {
  return {RowFault::kMalformed, absl::StrCat("more than ", what, " on the line")};
}

class PlainList : public LineFormat {
 public:
  PlainList(IndicatorKind kind, Listing base) : kind_(kind), base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    absl::string_view text = WithoutComment(line);
    if (text.empty()) return absl::OkStatus();
    const std::vector<absl::string_view> words = Words(text);
    if (words.size() > 1) {
      // A URL may hold a space, and a digest is followed by the name of its file.
      const bool url = kind_ == IndicatorKind::kUrl || absl::StrContains(words[0], "://");
      if (kind_ == IndicatorKind::kFile) {
        text = words[0];
      } else if (!url) {
        output.Reject(MoreThanOne("one word"), place);
        return absl::OkStatus();
      }
    }
    return TakeAll(ListingsOf(text, kind_, base_), place, output);
  }

 private:
  IndicatorKind kind_;
  Listing base_;
};

// Names that stand for all below them too, however they are written.
class WildcardList : public LineFormat {
 public:
  explicit WildcardList(Listing base) : base_(std::move(base)) {
    base_.scope = reputation::Scope::kSubtree;
  }

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    absl::string_view text = WithoutComment(line);
    if (text.empty()) return absl::OkStatus();
    if (!absl::ConsumePrefix(&text, "*.")) absl::ConsumePrefix(&text, ".");
    return TakeAll(WithoutScopeOfAddresses(ListingsOf(text, IndicatorKind::kHost, base_)), place,
                   output);
  }

 private:
  Listing base_;
};

class MaltrailTrails : public LineFormat {
 public:
  explicit MaltrailTrails(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    const absl::string_view text = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (text.empty()) return absl::OkStatus();
    if (text.front() != '/' && text.find_first_of(" \t") != absl::string_view::npos) {
      output.Reject(MoreThanOne("one trail"), place);
      return absl::OkStatus();
    }
    if (text.front() != '/' && text.find_first_of("^\\{}") != absl::string_view::npos) {
      output.Reject({RowFault::kUnsupported, "a regular expression"}, place);
      return absl::OkStatus();
    }
    ListingsOrFault made = ListingsOf(text, IndicatorKind::kAny, base_);
    if (auto* listings = std::get_if<std::vector<Listing>>(&made)) {
      for (Listing& one : *listings) {
        if (one.kind == ObjectKind::kHost) one.scope = reputation::Scope::kSubtree;
      }
    }
    return TakeAll(made, place, output);
  }

 private:
  Listing base_;
};

class HostsFile : public LineFormat {
 public:
  explicit HostsFile(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    const std::vector<absl::string_view> words = Words(WithoutComment(line));
    if (words.empty()) return absl::OkStatus();
    absl::StatusOr<reputation::IpAddress> address = reputation::IpAddress::Parse(words[0]);
    if (!address.ok() || words.size() < 2) {
      output.Reject(
          {RowFault::kMalformed, "not an address and a name; read a list of bare names as domain"},
          place);
      return absl::OkStatus();
    }
    // The machine's own lines come first: "127.0.0.1 localhost", "ff02::1 ip6-allnodes".
    if (std::all_of(words.begin() + 1, words.end(), IsLocal)) return absl::OkStatus();
    if (!IsNowhere(words[0])) {
      output.Reject({RowFault::kUnsupported,
                     absl::StrCat(words[0], " says where a name is, not that it is bad")},
                    place);
      return absl::OkStatus();
    }
    for (size_t i = 1; i < words.size(); ++i) {
      if (IsLocal(words[i])) continue;
      absl::Status taken =
          TakeAll(ListingsOf(words[i], IndicatorKind::kHost, base_), place, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

 private:
  static bool IsLocal(absl::string_view name) {
    return name == "localhost" || name == "localhost.localdomain" || name == "local" ||
           name == "broadcasthost" || name == "0.0.0.0" || absl::StartsWith(name, "ip6-");
  }

  Listing base_;
};

}  // namespace

MaybeReader NewUrlList(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kUrl, Base(options));
}

MaybeReader NewDomainList(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kHost, Base(options));
}

MaybeReader NewMixedList(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kAny, Base(options));
}

MaybeReader NewHashList(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kFile, Base(options));
}

MaybeReader NewUrlhausText(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kUrl, Base(options, {Category::kMalware}));
}

MaybeReader NewOpenPhish(const FeedOptions& options) {
  return std::make_unique<PlainList>(IndicatorKind::kUrl, Base(options, {Category::kPhishing}));
}

MaybeReader NewWildcardList(const FeedOptions& options) {
  return std::make_unique<WildcardList>(Base(options));
}

MaybeReader NewMaltrail(const FeedOptions& options) {
  return std::make_unique<MaltrailTrails>(Base(options));
}

MaybeReader NewHostsFile(const FeedOptions& options) {
  return std::make_unique<HostsFile>(Base(options));
}

MaybeReader NewUrlhausHosts(const FeedOptions& options) {
  return std::make_unique<HostsFile>(Base(options, {Category::kMalware}));
}

}  // namespace cloister::feeds
