#include "client-sdk/cli/list_report.h"

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/terminal.h"

namespace cloister::cli {
namespace {

using feeds::FeedReport;

// "line 7", "events/1.json, line 7"; "" where neither is known.
std::string Place(const FeedReport::Example& example) {
  std::string place = Printable(example.file);
  if (example.line != 0) {
    absl::StrAppend(&place, place.empty() ? "" : ", ", "line ", example.line);
  }
  return place;
}

void AppendRejections(absl::string_view verb, const FeedReport& report, std::string* text) {
  for (const auto& [fault, rejections] : report.rejections()) {
    absl::StrAppend(text, "  ", verb, " as ", feeds::RowFaultName(fault), ": ", rejections.count,
                    "\n");
    for (const FeedReport::Example& example : rejections.examples) {
      const std::string place = Place(example);
      absl::StrAppend(text, "    ", place, place.empty() ? "" : ": ", Printable(example.why),
                      "\n      ", Printable(example.text), "\n");
    }
  }
}

Json RejectionsJson(const FeedReport& report) {
  Json by_fault = Json::object();
  for (const auto& [fault, rejections] : report.rejections()) {
    Json examples = Json::array();
    for (const FeedReport::Example& example : rejections.examples) {
      examples.push_back({{"file", example.file},
                          {"line", example.line},
                          {"text", example.text},
                          {"why", example.why}});
    }
    by_fault[std::string(feeds::RowFaultName(fault))] = {{"count", rejections.count},
                                                         {"examples", examples}};
  }
  return by_fault;
}

}  // namespace

std::string TextOf(const ListReport& report, const v1::ImportOverridesResponse& response,
                   bool dry_run) {
  const FeedReport& read = report.read;
  std::string text =
      absl::StrCat(Printable(read.source()), ": ", read.lines(), " lines, ", read.rows(),
                   " listings accepted, ", read.rejected(), " rejected\n");
  AppendRejections("rejected", read, &text);
  AppendRejections("left out", report.left_out, &text);
  if (response.refused() > 0) {
    absl::StrAppend(&text, "  refused by the server: ", response.refused(), "\n");
  }
  for (const v1::RefusedOverride& refusal : response.refusals()) {
    absl::StrAppend(&text, "    ", Printable(refusal.message()), "\n");
  }
  absl::StrAppend(&text, response.set(), dry_run ? " overrides would be set" : " overrides set");
  if (response.generation() != 0) {
    absl::StrAppend(&text, ", live from generation ", response.generation());
  }
  return text + "\n";
}

Json JsonOf(const ListReport& report, const v1::ImportOverridesResponse& response, bool dry_run) {
  Json refusals = Json::array();
  for (const v1::RefusedOverride& refusal : response.refusals()) {
    refusals.push_back({{"index", refusal.index()}, {"message", refusal.message()}});
  }
  return {{"source", report.read.source()},
          {"lines", report.read.lines()},
          {"accepted", report.read.rows()},
          {"rejected", RejectionsJson(report.read)},
          {"left_out", RejectionsJson(report.left_out)},
          {"dry_run", dry_run},
          {"set", response.set()},
          {"refused", response.refused()},
          {"refusals", refusals},
          {"generation", response.generation()}};
}

}  // namespace cloister::cli
