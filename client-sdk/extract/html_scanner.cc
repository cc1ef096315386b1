#include "client-sdk/extract/html_scanner.h"

#include <algorithm>
#include <array>
#include <iterator>
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
    "ping",      "manifest", "codebase",    "classid",    "profile",    "data-saferedirecturl",
    "data-href", "data-src", "originalsrc", "usemap"};

// Elements within a line: a URL may run on through them.
constexpr GumboTag kInline[] = {GUMBO_TAG_A,    GUMBO_TAG_ABBR,   GUMBO_TAG_B,    GUMBO_TAG_BDI,
                                GUMBO_TAG_BDO,  GUMBO_TAG_CODE,   GUMBO_TAG_DEL,  GUMBO_TAG_EM,
                                GUMBO_TAG_FONT, GUMBO_TAG_I,      GUMBO_TAG_INS,  GUMBO_TAG_KBD,
                                GUMBO_TAG_MARK, GUMBO_TAG_S,      GUMBO_TAG_SAMP, GUMBO_TAG_SMALL,
                                GUMBO_TAG_SPAN, GUMBO_TAG_STRONG, GUMBO_TAG_SUB,  GUMBO_TAG_SUP,
                                GUMBO_TAG_TT,   GUMBO_TAG_U,      GUMBO_TAG_VAR,  GUMBO_TAG_WBR};

bool IsUrlAttribute(std::string_view name) {
  return std::find(std::begin(kUrlAttributes), std::end(kUrlAttributes), name) !=
         std::end(kUrlAttributes);
}

bool IsInline(GumboTag tag) {
  return std::find(std::begin(kInline), std::end(kInline), tag) != std::end(kInline);
}

bool IsElement(const GumboNode& node) {
  return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}

// Walks the tree without recursion: trees of hostile mail are deep.
class Walker {
 public:
  explicit Walker(const HtmlUrlVisitor& visit) : visit_(visit) {}

  void Walk(const GumboNode* document) {
    std::vector<Step> steps = {{document, 0}};
    while (!steps.empty()) {
      Step& step = steps.back();
      const GumboVector* children = ChildrenOf(*step.node);
      if (step.next_child == 0) Enter(*step.node);
      if (children == nullptr || step.next_child == children->length) {
        Leave(*step.node);
        steps.pop_back();
        continue;
      }
      const auto* child = static_cast<const GumboNode*>(children->data[step.next_child++]);
      steps.push_back({child, 0});
    }
    EndLine();
  }

 private:
  struct Step {
    const GumboNode* node;
    unsigned int next_child;
  };

  static const GumboVector* ChildrenOf(const GumboNode& node) {
    if (node.type == GUMBO_NODE_DOCUMENT) return &node.v.document.children;
    return IsElement(node) ? &node.v.element.children : nullptr;
  }

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

  void Leave(const GumboNode& node) {
    if (IsElement(node) && !IsInline(node.v.element.tag)) EndLine();
  }

  void EndLine() {
    if (line_.empty()) return;
    const size_t offset = line_offset_;
    if (is_style_) {
      ForEachCssUrl(line_, [&](std::string_view url) { TakeLink(url, offset); });
    }
    ScanText(line_,
             [&](std::string_view url, UrlOrigin origin, size_t) { visit_(url, origin, offset); });
    line_.clear();
    is_style_ = false;
  }

  // Outlook reads what stands in conditional comments.
  void TakeComment(const GumboText& comment) {
    const std::string_view text = comment.text;
    if (text.substr(0, 3) != "[if") return;
    ScanText(text, [&](std::string_view url, UrlOrigin origin, size_t) {
      visit_(url, origin, comment.start_pos.offset);
    });
  }

  void TakeAttributes(const GumboElement& element) {
    const size_t offset = element.start_pos.offset;
    if (element.tag == GUMBO_TAG_BASE && base_.empty()) {
      const GumboAttribute* href = gumbo_get_attribute(&element.attributes, "href");
      if (href != nullptr) base_ = href->value;
    }
    for (unsigned int i = 0; i < element.attributes.length; ++i) {
      const auto& attribute = *static_cast<const GumboAttribute*>(element.attributes.data[i]);
      const std::string name = absl::AsciiStrToLower(attribute.name);
      const std::string_view value = attribute.value;
      if (IsUrlAttribute(name)) {
        TakeLink(value, offset);
      } else if (name == "srcset" || name == "imagesrcset") {
        ForEachSourceOfSet(value, [&](std::string_view url) { TakeLink(url, offset); });
      } else if (name == "style") {
        ForEachCssUrl(value, [&](std::string_view url) { TakeLink(url, offset); });
      } else if (name == "content" && element.tag == GUMBO_TAG_META) {
        if (const auto url = RefreshTarget(value)) TakeLink(*url, offset);
      } else if (name.compare(0, 2, "on") == 0 || name == "srcdoc") {
        ScanText(value, [&](std::string_view url, UrlOrigin, size_t) { TakeLink(url, offset); });
      }
    }
  }

  void TakeLink(std::string_view link, size_t offset) {
    const std::string url = ResolveLink(link, base_);
    if (!url.empty()) visit_(url, UrlOrigin::kAttribute, offset);
  }

  const HtmlUrlVisitor& visit_;
  std::string base_;
  std::string line_;  // text since the last element that is not within a line
  size_t line_offset_ = 0;
  bool is_style_ = false;
};

}  // namespace

bool ScanHtml(std::string_view html, const HtmlLimits& limits, const HtmlUrlVisitor& visit) {
  const std::unique_ptr<HtmlTree> tree = HtmlTree::Parse(html, limits);
  if (tree == nullptr) {
    ScanText(html, visit);
    return false;
  }
  Walker(visit).Walk(tree->document());
  return true;
}

}  // namespace cloister::extract
