// HTML parsed as browsers do (WHATWG, "Parsing HTML documents") by Gumbo, within bounds: a hostile
// document can make any such parser take quadratic time and memory.

#pragma once

#include <gumbo.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace cloister::extract {

// What one document may cost, with those within it.
struct HtmlLimits {
  size_t max_tree_bytes = size_t{256} << 20;
  // Of the thread that parses, so that a busy machine does not cut documents short.
  std::chrono::nanoseconds max_cpu = std::chrono::seconds(2);
};

// The tree of a document; nodes and their texts live as long as it does. Not thread-safe.
class HtmlTree {
 public:
  // nullptr if the document would cost more than `limits`; the time that it takes is taken off
  // them. Borrows `html` (UTF-8).
  static std::unique_ptr<HtmlTree> Parse(std::string_view html, HtmlLimits* limits);
  ~HtmlTree();
  HtmlTree(const HtmlTree&) = delete;
  HtmlTree& operator=(const HtmlTree&) = delete;

  const GumboNode* document() const { return output_->document; }

 private:
  class Memory;
  HtmlTree();

  // All memory of the tree, given back at once: Gumbo's own way is recursive and would overflow
  // the stack on deep trees.
  std::unique_ptr<Memory> memory_;
  GumboOutput* output_ = nullptr;
};

}  // namespace cloister::extract
