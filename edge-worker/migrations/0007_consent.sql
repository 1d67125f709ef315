-- What a visitor has granted beside measuring, when the observation was sent: ad_personalization,
-- ad_storage and ad_user_data, separated by commas, in this order. NULL: none of them, or the page
-- did not tell them apart. Whoever hands observations on to an advertiser must look here.
ALTER TABLE observations ADD COLUMN consent TEXT;
