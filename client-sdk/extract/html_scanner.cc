#include "client-sdk/extract/html_scanner.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "client-sdk/extract/html_links.h"
#include "client-sdk/extract/text_scanner.h"

namespace cloister::extract {
namespace {

// Attributes whose value is one URL, on whatever element: which of them means it there is not worth
// telling, for mail that misuses one is not honest.
constexpr std::string_view kUrlAttributes[] = {
    "href",      "src",      "action",      "formaction", "background", "poster",
    "data",      "cite",     "longdesc",    "xlink:href", "lowsrc",     "dynsrc",
    "manifest",  "icon",     "codebase",    "classid",    "profile",    "data-saferedirecturl",
    "data-href", "data-src", "originalsrc", "usemap"};

// Attributes that hold URLs among other words: lists of them, what animations of SVG and parameters
// of plug-ins are set to.
constexpr std::string_view kTextAttributes[] = {"ping", "archive", "values", "from",
                                                "to",   "by",      "value"};

// Elements within a line: a URL may run on through them.
constexpr GumboTag kInline[] = {GUMBO_TAG_A,    GUMBO_TAG_ABBR,   GUMBO_TAG_B,    GUMBO_TAG_BDI,
                                GUMBO_TAG_BDO,  GUMBO_TAG_CODE,   GUMBO_TAG_DEL,  GUMBO_TAG_EM,
                                GUMBO_TAG_FONT, GUMBO_TAG_I,      GUMBO_TAG_INS,  GUMBO_TAG_KBD,
                                GUMBO_TAG_MARK, GUMBO_TAG_S,      GUMBO_TAG_SAMP, GUMBO_TAG_SMALL,
                                GUMBO_TAG_SPAN, GUMBO_TAG_STRONG, GUMBO_TAG_SUB,  GUMBO_TAG_SUP,
                                GUMBO_TAG_TT,   GUMBO_TAG_U,      GUMBO_TAG_VAR,  GUMBO_TAG_WBR};

template <size_t size>
bool Contains(const std::string_view (&names)[size], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool IsInline(GumboTag tag) {
  return std::find(std::begin(kInline), std::end(kInline), tag) != std::end(kInline);
}

bool IsElement(const GumboNode& node) {
  return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}

// Calls enter(node) and leave(node) until enter returns false. Without recursion: trees of hostile
// mail are deep.
template <typename Enter, typename Leave>
void WalkTree(const GumboNode* document, const Enter& enter, const Leave& leave) {
  struct Step {
    const GumboNode* node;
    unsigned int next_child;
  };
  std::vector<Step> steps = {{document, 0}};
  while (!steps.empty()) {
    Step& step = steps.back();
    const GumboNode& node = *step.node;
    if (step.next_child == 0 && !enter(node)) return;
    const GumboVector* children = node.type == GUMBO_NODE_DOCUMENT ? &node.v.document.children
                                  : IsElement(node)                ? &node.v.element.children
                                                                   : nullptr;
    if (children == nullptr || step.next_child == children->length) {
      leave(node);
      steps.pop_back();
      continue;
    }
    steps.push_back({static_cast<const GumboNode*>(children->data[step.next_child++]), 0});
  }
}

// What links are relative to, wherever in the document it stands; `outer` where it says nothing.
std::string BaseOf(const GumboNode* document, const std::string& outer) {
  std::string base = outer;
  const auto enter = [&base](const GumboNode& node) {
    if (!IsElement(node) || node.v.element.tag != GUMBO_TAG_BASE) return true;
    const GumboAttribute* href = gumbo_get_attribute(&node.v.element.attributes, "href");
    if (href != nullptr) base = AbsoluteBase(href->value);
    return href == nullptr;
  };
  WalkTree(document, enter, [](const GumboNode&) {});
  return base;
}

// One document, and those within it.
class DocumentScanner {
 public:
  DocumentScanner(HtmlLimits* limits, const HtmlUrlVisitor& visit, int depth)
      : limits_(limits), visit_(visit), depth_(depth) {}

  // As ScanHtml says.
  bool Scan(std::string_view html, const std::string& outer_base) {
    const std::unique_ptr<HtmlTree> tree =
        depth_ < kMaxDepth ? HtmlTree::Parse(html, limits_) : nullptr;
    if (tree == nullptr) {
      ScanText(html, [this](std::string_view url, UrlOrigin origin, size_t offset) {
        Offer(url, origin, offset);
      });
      return false;
    }
    base_ = BaseOf(tree->document(), outer_base);
    WalkTree(
        tree->document(),
        [this](const GumboNode& node) {
          Enter(node);
          return wanted_;
        },
        [this](const GumboNode& node) {
          if (IsElement(node) && !IsInline(node.v.element.tag)) EndLine();
        });
    EndLine();
    return whole_;
  }

 private:
  static constexpr int kMaxDepth = 4;  // of documents within documents

  void Enter(const GumboNode& node) {
    if (IsElement(node)) {
      if (!IsInline(node.v.element.tag)) EndLine();
      TakeAttributes(node.v.element);
    } else if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE ||
               node.type == GUMBO_NODE_CDATA) {
      if (line_.empty()) line_offset_ = node.v.text.start_pos.offset;
      line_ += node.v.text.text;
      is_style_ = node.parent != nullptr && IsElement(*node.parent) &&
                  node.parent->v.element.tag == GUMBO_TAG_STYLE;
    } else if (node.type == GUMBO_NODE_COMMENT) {
      TakeComment(node.v.text);
    }
  }

  void EndLine() {
    if (line_.empty()) return;
    const size_t offset = line_offset_;
    if (is_style_) {
      ForEachCssUrl(line_, [&](std::string_view url) { TakeLink(url, offset); });
    }
    ScanText(line_,
             [&](std::string_view url, UrlOrigin origin, size_t) { Offer(url, origin, offset); });
    line_.clear();
    is_style_ = false;
  }

  // Outlook reads what stands in conditional comments.
  void TakeComment(const GumboText& comment) {
    const std::string_view text = comment.text;
    if (text.substr(0, 3) != "[if") return;
    TakeDocument(text.substr(std::min(text.find('>'), text.size() - 1) + 1),
                 comment.start_pos.offset);
  }

  void TakeDocument(std::string_view html, size_t offset) {
    const HtmlUrlVisitor visit = [&](std::string_view url, UrlOrigin origin, size_t) {
      Offer(url, origin, offset);
      return wanted_;
    };
    if (!DocumentScanner(limits_, visit, depth_ + 1).Scan(html, base_)) whole_ = false;
  }

  void TakeAttributes(const GumboElement& element) {
    for (unsigned int i = 0; i < element.attributes.length; ++i) {
      const auto& attribute = *static_cast<const GumboAttribute*>(element.attributes.data[i]);
      TakeAttribute(element, absl::AsciiStrToLower(attribute.name), attribute.value);
    }
  }

  void TakeAttribute(const GumboElement& element, const std::string& name, std::string_view value) {
    const size_t offset = element.start_pos.offset;
    if (Contains(kUrlAttributes, name)) {
      TakeLink(value, offset);
    } else if (name == "srcset" || name == "imagesrcset") {
      ForEachSourceOfSet(value, [&](std::string_view url) { TakeLink(url, offset); });
    } else if (name == "style") {
      ForEachCssUrl(value, [&](std::string_view url) { TakeLink(url, offset); });
    } else if (name == "content" && element.tag == GUMBO_TAG_META) {
      if (const auto url = RefreshTarget(value)) TakeLink(*url, offset);
    } else if (name == "srcdoc") {
      TakeDocument(value, offset);
    } else if (name.compare(0, 2, "on") == 0 || Contains(kTextAttributes, name)) {
      ScanText(value, [&](std::string_view url, UrlOrigin, size_t) { TakeLink(url, offset); });
    }
  }

  void TakeLink(std::string_view link, size_t offset) {
    const std::string url = ResolveLink(link, base_);
    if (!url.empty()) return Offer(url, UrlOrigin::kAttribute, offset);
    const std::optional<CarriedText> carried = TextCarriedBy(link);
    if (!carried.has_value()) return;
    if (carried->is_document) return TakeDocument(carried->text, offset);
    ScanText(carried->text, [&](std::string_view inner, UrlOrigin origin, size_t) {
      if (origin == UrlOrigin::kText) Offer(inner, UrlOrigin::kUnwrapped, offset);
    });
  }

  void Offer(std::string_view url, UrlOrigin origin, size_t offset) {
    wanted_ = wanted_ && visit_(url, origin, offset);
  }

  HtmlLimits* const limits_;
  const HtmlUrlVisitor& visit_;
  const int depth_;
  std::string base_;  // an AbsoluteBase
  std::string line_;  // text since the last element that is not within a line
  size_t line_offset_ = 0;
  bool is_style_ = false;
  bool whole_ = true;   // no document within was too costly
  bool wanted_ = true;  // more URLs are taken
};

}  // namespace

bool ScanHtml(std::string_view html, HtmlLimits limits, const HtmlUrlVisitor& visit) {
  return DocumentScanner(&limits, visit, /*depth=*/0).Scan(html, /*outer_base=*/"");
}

}  // namespace cloister::extract
