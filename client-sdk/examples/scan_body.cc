// Asks a server about every URL of an HTML mail body, and about what wrapped links lead to.
//
//   cloister-example-scan-body unix:/run/cloister/cloisterd.sock < body.html
//
// Prints each URL that is malicious; the exit code is 1 if there is one, and 75 (EX_TEMPFAIL, to be
// tried again later) if the body could not be judged whole.

#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "cloister/client.h"
#include "cloister/extract_urls.h"

namespace {

constexpr int kMalicious = 1;
constexpr int kUsage = 2;
constexpr int kTemporaryFailure = 75;

// An answer for each; "http://bad[.]example/" is no URL, and no reason to hold the mail up.
bool CouldBeJudged(const cloister::Answer& answer) {
  return answer.status != cloister::AnswerStatus::kPartial &&
         (answer.status != cloister::AnswerStatus::kError ||
          answer.error == cloister::ErrorKind::kInvalidArgument);
}

}  // namespace

int main(int argc, char** argv) {
  cloister::ClientOptions options;
  options.servers = {argc > 1 ? argv[1] : "127.0.0.1:7447"};
  options.plaintext = true;
  std::string error;
  const auto client = cloister::Client::Create(options, &error);
  if (client == nullptr) {
    std::cerr << error << "\n";
    return kUsage;
  }
  const std::string body(std::istreambuf_iterator<char>(std::cin), {});
  const cloister::ExtractedUrls found = cloister::ExtractUrlsFromHtml(body);
  std::vector<cloister::Object> objects;
  for (const cloister::FoundUrl& one : found.urls) {
    objects.push_back(cloister::Object::Url(one.url));
  }
  int code = found.truncated ? kTemporaryFailure : 0;
  const std::vector<cloister::Answer> answers = client->BatchLookup(objects);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].verdict() == cloister::Verdict::kMalicious) {
      std::cout << found.urls[i].url << "\n";
      code = kMalicious;
    } else if (!CouldBeJudged(answers[i]) && code == 0) {
      code = kTemporaryFailure;
    }
  }
  return code;
}
