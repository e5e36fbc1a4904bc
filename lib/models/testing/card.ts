/** A card that has all that policies/cards asks for, with every group of keys. */
export const completeCard = `---
language: no
license: apache-2.0
license_name: null
license_link: https://www.apache.org/licenses/LICENSE-2.0
library_name: sklearn
tags:
  - tabular
  - fraud   # a comment is part of the file
datasets: [acme/transactions-2025]
metrics:
- accuracy
base_model: acme/fraud-6
pipeline_tag: tabular-classification
model-index:
- name: fraud
  results:
  - task: {type: tabular-classification, name: Fraud}
    dataset: {type: acme/transactions-2025, name: Transactions 2025, split: test}
    metrics:
    - {type: accuracy, value: 0.97, name: Accuracy}
intended_uses:
  purpose_of_model: Tells payments that a person should look at from those that may pass.
  risk_rating: High
business_details:
  business_problem: Fraud
somebodys_own_key: {kept: true}
---
# Fraud

## Intended use

Payments of private customers within the euro area, before they are executed. A person decides each case.

## Limitations

It knows nothing of instant payments and was trained on the two years before the change of the card scheme.

## Ethical considerations

Nationality and place of birth are not among the features; recall was compared between age groups.
`
