#include "sync/feeds/xml_stream.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

std::string LocalName(const char* name) {
  const absl::string_view text(name);
  const size_t colon = text.find(':');
  return std::string(colon == absl::string_view::npos ? text : text.substr(colon + 1));
}

// Hands expat's calls on; stops it at the first error.
class Walker {
 public:
  Walker(XmlVisitor* visitor, const XmlLimits& limits)
      : visitor_(visitor), limits_(limits), parser_(XML_ParserCreate(nullptr)) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), OnBegin, OnEnd);
    XML_SetCharacterDataHandler(parser_.get(), OnText);
    XML_SetStartDoctypeDeclHandler(parser_.get(), OnDoctype);
  }

  absl::Status Walk(ByteSource& bytes) {
    std::string buffer(kBufferBytes, '\0');
    for (;;) {
      absl::StatusOr<size_t> read = bytes.Read(buffer.data(), buffer.size());
      if (!read.ok()) return read.status();
      const bool last = *read == 0;
      const XML_Status parsed =
          XML_Parse(parser_.get(), buffer.data(), static_cast<int>(*read), last ? 1 : 0);
      if (!status_.ok()) return status_;
      if (parsed != XML_STATUS_OK) return Broken();
      if (last) return absl::OkStatus();
      fed_ += *read;
      absl::Status token = CheckToken();
      if (!token.ok()) return token;
    }
  }

 private:
  static Walker& From(void* walker) { return *static_cast<Walker*>(walker); }

  static void XMLCALL OnBegin(void* walker, const XML_Char* name, const XML_Char** attributes) {
    From(walker).Begin(name, attributes);
  }
  static void XMLCALL OnEnd(void* walker, const XML_Char*) { From(walker).End(); }
  static void XMLCALL OnText(void* walker, const XML_Char* text, int size) {
    std::string& all = From(walker).text_;
    const size_t room = From(walker).limits_.max_text_bytes - all.size();
    all.append(text, std::min(room, static_cast<size_t>(size)));
  }
  static void XMLCALL OnDoctype(void* walker, const XML_Char*, const XML_Char*, const XML_Char*,
                                int) {
    From(walker).Stop(absl::InvalidArgumentError(
        absl::StrCat("line ", From(walker).Line(),
                     ": it has a document type declaration, which no index of packages needs and "
                     "which is not read here")));
  }

  void Begin(const char* name, const char** attributes) {
    if (!status_.ok()) return;
    if (path_.size() == limits_.max_depth) {
      Stop(absl::ResourceExhaustedError(absl::StrCat(
          "line ", Line(), ": more than ", limits_.max_depth, " elements inside each other")));
      return;
    }
    path_.push_back(LocalName(name));
    text_.clear();
    XmlVisitor::Attributes named;
    for (; *attributes != nullptr; attributes += 2) named[attributes[0]] = attributes[1];
    Stop(visitor_->Begin(path_, named, Line()));
  }

  void End() {
    if (!status_.ok()) return;
    Stop(visitor_->End(path_, text_));
    path_.pop_back();
    text_.clear();
  }

  void Stop(absl::Status status) {
    if (status.ok()) return;
    status_ = std::move(status);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  // Expat holds a token until it is whole, and begins it anew with every piece it is given.
  absl::Status CheckToken() const {
    const XML_Index at = XML_GetCurrentByteIndex(parser_.get());
    if (at < 0 || fed_ - static_cast<uint64_t>(at) <= limits_.max_token_bytes + kBufferBytes) {
      return absl::OkStatus();
    }
    return absl::ResourceExhaustedError(
        absl::StrCat("line ", Line(), ": a tag longer than ", limits_.max_token_bytes, " bytes"));
  }

  absl::Status Broken() const {
    return absl::DataLossError(absl::StrCat("line ", Line(), ": not XML, or cut short there (",
                                            XML_ErrorString(XML_GetErrorCode(parser_.get())),
                                            "); fetch the file again"));
  }

  uint64_t Line() const { return XML_GetCurrentLineNumber(parser_.get()); }

  XmlVisitor* visitor_;
  XmlLimits limits_;
  Parser parser_;
  std::vector<std::string> path_;
  std::string text_;
  uint64_t fed_ = 0;
  absl::Status status_;
};

}  // namespace

absl::Status WalkXml(ByteSource& bytes, XmlVisitor& visitor, const XmlLimits& limits) {
  return Walker(&visitor, limits).Walk(bytes);
}

}  // namespace cloister::feeds
